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

Json one_of_kubectl(std::string_view text) {
  const YamlStream stream = read_yaml(text, YamlDialect::Kubectl);
  EXPECT_FALSE(stream.problem) << stream.problem->message;
  return stream.documents.size() == 1 ? stream.documents.front().value : Json("not one document");
}

TEST(Yaml, TheDialectOfKubectlReadsWordsAndNumbersOfYaml11) {
  EXPECT_EQ(
      one_of_kubectl(
          "{a: yes, b: Off, c: 'yes', d: n, e: 017, f: 018, g: 1_000, h: 0b11, i: -0b1, j: yess, k: 1_a, l: "
          "2026-11-21, m: +017, n: 10m, o: 0, p: -}"),
      Json::parse(
          R"({"a":true,"b":false,"c":"yes","d":false,"e":15,"f":18,"g":1000,"h":3,"i":-1,"j":"yess","k":"1_a",
                            "l":"2026-11-21","m":15,"n":"10m","o":0,"p":"-"})"));
}

TEST(Yaml, TheDialectOfKubectlMergesMappingsBehindWhatIsSaid) {
  EXPECT_EQ(
      one_of_kubectl(
          "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {<<: *x, b: 9}\nl: {<<: [*x, *y]}\nt: {'<<': 1}\n"),
      Json::parse(
          R"({"x":{"a":1,"b":2},"y":{"b":3,"c":4},"z":{"a":1,"b":9},"l":{"a":1,"b":2,"c":4},"t":{"<<":1}})"));
  EXPECT_EQ(one("x: &x {a: 1}\nz: {<<: *x}\n")["z"], Json::parse(R"({"<<":{"a":1}})"));
  EXPECT_THAT(read_yaml("a:\n  <<: 1\n", YamlDialect::Kubectl).problem->message,
              HasSubstr("found << with no mapping"));
}

TEST(Yaml, KnowsTheLinesOfFields) {
  const YamlStream stream =
      read_yaml("# x\na:\n  b:\n  - c: 1\n    d: 2\n  - {c: 3}\n---\ne: 1\n", YamlDialect::Core);
  ASSERT_EQ(stream.documents.size(), 2u);
  const FieldLines& lines = stream.documents[0].lines;
  EXPECT_EQ(lines.nearest(""), 2);
  EXPECT_EQ(lines.nearest("a.b"), 3);
  EXPECT_EQ(lines.nearest("a.b[0].d"), 5);
  EXPECT_EQ(lines.nearest("a.b[1]"), 6);
  EXPECT_EQ(lines.nearest("a.b[1].none[3].deeper"), 6);
  EXPECT_EQ(lines.nearest("a.none"), 2);
  EXPECT_EQ(lines.nearest("none"), 2);
  EXPECT_EQ(stream.documents[1].lines.nearest("e"), 8);
  EXPECT_EQ(read_yaml("a: 1\na: 2\n", YamlDialect::Core).problem->line, 2);
}

}  // namespace
}  // namespace llmops::cli
