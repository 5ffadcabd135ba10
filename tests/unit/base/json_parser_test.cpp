// The quick parser reads what nlohmann's reads, as that reads it, and refuses what that refuses.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "crds/base/json.hpp"

namespace llmops {
namespace {

const std::vector<std::string>& documents() {
  static const std::vector<std::string> all = {
      "null",
      " true ",
      "\r\n\t false",
      "0",
      "-0",
      "-0.0",
      "1",
      "-1",
      "9223372036854775807",
      "9223372036854775808",
      "-9223372036854775808",
      "-9223372036854775809",
      "18446744073709551615",
      "18446744073709551616",
      "123456789012345678901234567890",
      "1e5",
      "1E-7",
      "1.0",
      "0.1",
      "2.2250738585072011e-308",
      "4.9e-324",
      "1.7976931348623157e308",
      "1e400",
      "01",
      "1.",
      ".5",
      "+1",
      "-",
      "1e",
      "NaN",
      R"("")",
      R"("a\"b\\c\/d\b\f\n\r\t")",
      R"("\u0000 \u00e9 \uac00 \ud83d\ude00")",
      R"("\ud83d")",
      R"("\ude00")",
      R"("\ud83d\u0041")",
      R"("\x")",
      "\"line\nfeed\"",
      "\"\x7f\"",
      "\"\xff\"",
      "\"\xc0\x80\"",
      "\"\xed\xa0\x80\"",
      "\"\xf4\x90\x80\x80\"",
      "\xef\xbb\xbf{}",
      "\"한국어 \xf0\x9f\x98\x80\"",
      "[]",
      "[1, [2, [3]], {}]",
      "[1,]",
      "[,1]",
      "[1 2]",
      R"({"b":1,"a":2,"b":3})",
      R"({"b":{"x":1},"b":{"y":2}})",
      R"({"":0})",
      R"({"a":1,})",
      R"({"a" 1})",
      R"({a:1})",
      R"({"choices":[{"delta":{"content":"며칠"},"index":0,"finish_reason":null}],"usage":{"n":12},"created":1795233607})",
      "{} {}",
      "{}x",
      "/* no */ 1",
      "",
      " ",
      "tru",
  };
  return all;
}

// nlohmann's own verdict; discarded: no JSON.
Json reference(const std::string& text) {
  try {
    return Json::parse(text);
  } catch (const Json::exception&) {
    return Json(Json::value_t::discarded);
  }
}

// As operator== takes 1 and 1.0 for the same.
bool same(const Json& left, const Json& right) {
  if (left.is_number_float() != right.is_number_float()) return false;
  if (left.type() != right.type() && !(left.is_number_integer() && right.is_number_integer())) return false;
  if (!left.is_structured()) return left == right && left.dump() == right.dump();
  if (left.size() != right.size()) return false;
  if (left.is_object()) {
    auto other = right.begin();
    for (auto at = left.begin(); at != left.end(); ++at, ++other)
      if (at.key() != other.key() || !same(at.value(), other.value())) return false;
    return true;
  }
  for (std::size_t i = 0; i < left.size(); ++i)
    if (!same(left[i], right[i])) return false;
  return true;
}

void expect_same(const std::string& text) {
  const Json wanted = reference(text);
  const auto found = parse_json(text);
  EXPECT_EQ(found.ok(), !wanted.is_discarded()) << text;
  if (found.ok() && !wanted.is_discarded())
    EXPECT_TRUE(same(*found, wanted)) << text << " became " << found->dump();
}

TEST(ParseJson, ReadsWhatTheReferenceReadsAndRefusesWhatItRefuses) {
  for (const auto& text : documents()) expect_same(text);
}

TEST(ParseJson, DoesSoForDocumentsThatWereDamaged) {
  std::mt19937_64 random(20261122);
  const std::string bytes = "{}[]\",:\\u0dE+-.9 tfn\n\xea\xb0\x80\xff";
  for (int i = 0; i < 60'000; ++i) {
    std::string text = documents()[random() % documents().size()];
    for (auto changes = 1 + random() % 3; changes > 0 && !text.empty(); --changes) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = bytes[random() % bytes.size()];
          break;
        case 1:
          text.erase(at, 1 + random() % 3);
          break;
        default:
          text.insert(at, 1, bytes[random() % bytes.size()]);
      }
    }
    expect_same(text);
    if (HasFailure()) return;
  }
}

TEST(ParseJson, TakesAsManyLevelsAsItIsAllowed) {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + "1" + std::string(levels, ']');
  };
  for (const std::size_t allowed : {1u, 3u, 64u}) {
    JsonLimits limits;
    limits.max_depth = allowed;
    EXPECT_TRUE(parse_json(nested(allowed), limits).ok()) << allowed;
    EXPECT_EQ(parse_json(nested(allowed + 1), limits).error().code, ErrorCode::TooLarge) << allowed;
    EXPECT_EQ(parse_json(R"({"a":)" + nested(allowed) + "}", limits).error().code, ErrorCode::TooLarge);
  }
  JsonLimits flat;
  flat.max_depth = 0;
  EXPECT_TRUE(parse_json("1", flat).ok());
  EXPECT_FALSE(parse_json("{}", flat).ok());
}

TEST(ParseJson, StillSaysWhereATextIsNoJson) {
  EXPECT_EQ(parse_json("{\"a\": x}").error().message, "not JSON: unexpected text at byte 7");
}

}  // namespace
}  // namespace llmops
