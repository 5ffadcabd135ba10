#include "crds/base/json_writer.hpp"

#include <gtest/gtest.h>

#include <random>

namespace llmops {
namespace {

std::string library_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string written(const Json& value) {
  std::string out;
  append_json(value, out);
  return out;
}

TEST(JsonWriter, WritesEveryByteAsTheLibraryDoes) {
  for (int byte = 0; byte < 256; ++byte) {
    const Json value = "a" + std::string(1, static_cast<char>(byte)) + "b";
    EXPECT_EQ(written(value), library_text(value)) << byte;
  }
}

TEST(JsonWriter, WritesWhatIsNoUtf8AsTheLibraryDoes) {
  for (const char* text :
       {"\xC2\xA9", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
        "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xE2\x82", "\xF0\x9F\x92"})
    for (const std::string& around : {std::string(), std::string("x\n\"")}) {
      const Json value = around + text + around;
      EXPECT_EQ(written(value), library_text(value)) << value.get<std::string>();
    }
}

TEST(JsonWriter, WritesValuesOfAllKindsAsTheLibraryDoes) {
  const Json value =
      parse_json(
          R"({"a":[1,-2,3.5,1e30,true,false,null,{},18446744073709551615,-9223372036854775808],"":{"b\u0001\"":[]},"c":"\uD83D\uDE00\\"})")
          .value();
  EXPECT_EQ(written(value), library_text(value));
}

TEST(JsonWriter, WritesRandomBytesAsTheLibraryDoes) {
  std::mt19937 random(7);
  constexpr std::string_view kOften("\xC3\xED\xF0\x9F\x80\xBF\"\\a\n", 10);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::size_t size = random() % 12; size > 0; --size)
      text += random() % 2 ? kOften[random() % kOften.size()] : static_cast<char>(random() % 256);
    const Json value = text;
    ASSERT_EQ(written(value), library_text(value)) << library_text(value);
  }
}

}  // namespace
}  // namespace llmops
