#include "cli/yaml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace llmops::cli {
namespace {

using ::testing::HasSubstr;

Json one(std::string_view text) {
  const auto documents = parse_yaml(text);
  EXPECT_TRUE(documents.ok()) << documents.error().message;
  return documents.ok() && documents->size() == 1 ? documents->front() : Json("not one document");
}

TEST(Yaml, ReadsPlainScalarsByTheCoreSchemaAndQuotedOnesAsText) {
  const Json value =
      one("{a: 1, b: -2.5, c: true, d: null, e: ~, f: '1', g: \"true\", h: 1e3, i: 0x1F, j: yes, k: 10m, l: "
          ", m: +7, n: .5}");
  EXPECT_EQ(value,
            Json::parse(R"({"a":1,"b":-2.5,"c":true,"d":null,"e":null,"f":"1","g":"true","h":1000.0,"i":31,
                                   "j":"yes","k":"10m","l":null,"m":7,"n":0.5})"));
  EXPECT_TRUE(one("version: 12345678901234567890123")["version"].is_number());
  EXPECT_EQ(one("a: !!str 5")["a"], "5");
}

TEST(Yaml, ReadsSeveralDocumentsJsonAndBlockTexts) {
  const auto documents = parse_yaml("---\na: |\n  one\n  two\n---\n---\n{\"b\": [1, {\"c\": []}]}\n");
  ASSERT_TRUE(documents.ok());
  ASSERT_EQ(documents->size(), 2u);
  EXPECT_EQ((*documents)[0]["a"], "one\ntwo\n");
  EXPECT_EQ((*documents)[1]["b"][1]["c"], Json::array());
}

TEST(Yaml, FollowsAliasesWithinBounds) {
  EXPECT_EQ(one("a: &x {k: 1}\nb: *x")["b"]["k"], 1);
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 1; k < 10; ++k) bomb += ", " + before;
    bomb += "]\n";
  }
  const auto refused = parse_yaml(bomb);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::TooLarge);
}

TEST(Yaml, RefusesDeepNestingDoubleKeysAndWhatIsNoYamlWithTheLine) {
  EXPECT_FALSE(parse_yaml(std::string(200, '[') + std::string(200, ']')).ok());
  EXPECT_FALSE(parse_yaml(std::string(100'000, '[')).ok());
  EXPECT_THAT(parse_yaml("a: 1\nb: 2\na: 3\n").error().message,
              HasSubstr("line 3: found key \"a\" a second time"));
  EXPECT_THAT(parse_yaml("a: 1\n  b: [\n").error().message, HasSubstr("line 2"));
  EXPECT_THAT(parse_yaml("? [a, b]\n: 1\n").error().message, HasSubstr("key that is not a text"));
}

}  // namespace
}  // namespace llmops::cli
