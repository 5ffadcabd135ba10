#include "crds/base/json_reader.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace llmops {
namespace {

constexpr std::size_t kDepth = 64;

Json library_reads(std::string_view text) {
  return Json::parse(text, nullptr, false);
}

// Equal in type as well: the library compares 1 and 1.0 as the same.
void expect_the_same(const std::string& text) {
  const Json expected = library_reads(text);
  const auto found = read_json(text, kDepth);
  if (!found) return;
  ASSERT_FALSE(expected.is_discarded()) << text;
  EXPECT_EQ(*found, expected) << text;
  EXPECT_EQ(found->dump(), expected.dump()) << text;
  EXPECT_EQ(found->type(), expected.type()) << text;
}

TEST(JsonReader, ReadsWhatIsOrdinaryAsTheLibraryDoes) {
  for (const std::string text :
       {R"({})", R"([])", R"( { "a" : [ 1 , -2 , 0 , -0, 1.5 , 1e3, -2.5E-7 ] , "" : null } )", "true",
        "false", "null", "\"\"", R"("a\b\t\n\f\r\"\\\/\u0041\u00e9\uac00")", "\"한국어 \xF0\x9F\x98\x80\"",
        R"({"b":1,"a":2,"b":{"c":[[],{}]}})", "18446744073709551615", "-9223372036854775808", "1e-300",
        "0.1"}) {
    SCOPED_TRACE(text);
    ASSERT_TRUE(read_json(text, kDepth));
    expect_the_same(text);
  }
}

TEST(JsonReader, GivesUpOnWhatIsNotJson) {
  for (const std::string text : {"",
                                 " ",
                                 "{",
                                 "[",
                                 "\"",
                                 "\"a",
                                 "{\"a\"}",
                                 "{\"a\":}",
                                 "{\"a\":1,}",
                                 "[1,]",
                                 "[,]",
                                 "{,}",
                                 "01",
                                 "-",
                                 "1.",
                                 ".5",
                                 "1e",
                                 "+1",
                                 "tru",
                                 "truex",
                                 "nul",
                                 "NaN",
                                 "\"\x01\"",
                                 "\"\\x\"",
                                 "\"\\u12\"",
                                 "\"\\u 123\"",
                                 "\"\\u+123\"",
                                 "\"\xC0\x80\"",
                                 "\"\xED\xA0\x80\"",
                                 "\"\xE2\x82\"",
                                 "1 2",
                                 "{} []",
                                 "{1:2}",
                                 "'a'",
                                 "\"\x80\""}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(read_json(text, kDepth));
    EXPECT_TRUE(library_reads(text).is_discarded());
  }
}

TEST(JsonReader, LeavesWhatIsRareToTheLibrary) {
  for (const std::string text :
       {R"("\ud83d\ude00")", "18446744073709551616", "-9223372036854775809", "1e400", "\xEF\xBB\xBF{}"})
    EXPECT_FALSE(read_json(text, kDepth)) << text;
  EXPECT_EQ(parse_json(R"("\ud83d\ude00")").value(), Json("\xF0\x9F\x98\x80"));
  EXPECT_TRUE(parse_json("18446744073709551616").value().is_number_float());
}

TEST(JsonReader, CountsNestingAsTheLimitDoes) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(read_json(nested(64), 64));
  EXPECT_FALSE(read_json(nested(65), 64));
  EXPECT_TRUE(parse_json(nested(64)).ok());
  EXPECT_EQ(parse_json(nested(65)).error().code, ErrorCode::TooLarge);
  EXPECT_TRUE(read_json("[" + nested(63) + "," + nested(63) + "]", 64)) << "neighbours are not nested";
}

TEST(JsonReader, AgreesWithTheLibraryOnBrokenAndRandomTexts) {
  std::mt19937 random(11);
  const std::string whole =
      R"({"metadata":{"name":"a\nb","uid":"é한","n":[1,-2.5e3,true,null,{"x":[]}]},"spec":{"k":18446744073709551615}})";
  constexpr std::string_view kOften = "{}[]\",:\\u0123456789eE+-.tfn \xC3\xA9\xED\x80";
  for (int round = 0; round < 60'000; ++round) {
    std::string text = whole;
    for (std::size_t edits = 1 + random() % 3; edits > 0; --edits) {
      const std::size_t place = random() % text.size();
      const char byte = random() % 4 ? kOften[random() % kOften.size()] : static_cast<char>(random() % 256);
      if (random() % 3 == 0)
        text.erase(place, 1 + random() % 5);
      else if (random() % 2)
        text.insert(place, 1, byte);
      else
        text[place] = byte;
      if (text.empty()) text = "[";
    }
    ASSERT_NO_FATAL_FAILURE(expect_the_same(text));
  }
}

}  // namespace
}  // namespace llmops
