// What expressions mean (by the language definition of cel-spec).
#include <gmock/gmock.h>

#include "evaluate.hpp"

namespace llmops::cel {
namespace {

using ::testing::HasSubstr;
using testing_support::evaluate;

Value object() {
  return Value::of(Map{{"name", Value::of(std::string("bot"))},
                       {"weights", Value::of(List{Value::of(std::int64_t{5}), Value::of(std::int64_t{50})})},
                       {"margin", Value::of(0.1)},
                       {"load", Value::of(Duration(90'000))},
                       {"parts", Value::of(Map{{"Model", Value::of(std::string("x"))}})}});
}

TEST(CelSemantics, AnOperandThatDecidesAbsorbsErrorsOnBothSides) {
  EXPECT_EQ(evaluate("self.none && false", object()), "false");
  EXPECT_EQ(evaluate("false && self.none", object()), "false");
  EXPECT_EQ(evaluate("self.none || true", object()), "true");
  EXPECT_EQ(evaluate("true || self.none", object()), "true");
  EXPECT_EQ(evaluate("self.none && true", object()), "error: no such key: none");
  EXPECT_EQ(evaluate("false || self.none", object()), "error: no such key: none");
  EXPECT_EQ(evaluate("1 && false"), "false");
  EXPECT_THAT(evaluate("1 && true"), HasSubstr("error: found int where true or false is needed"));
}

TEST(CelSemantics, AllAndExistsAbsorbErrorsAndTheOtherMacrosDoNot) {
  EXPECT_EQ(evaluate("[1, 'a', 3].all(x, x < 2)"), "false");
  EXPECT_EQ(evaluate("['a', 1].exists(x, x < 2)"), "true");
  EXPECT_THAT(evaluate("[1, 'a'].all(x, x < 2)"), HasSubstr("error: a comparison does not take string, int"));
  EXPECT_THAT(evaluate("['a', 1].exists_one(x, x < 2)"), HasSubstr("error: "));
  EXPECT_THAT(evaluate("['a', 1].filter(x, x < 2)"), HasSubstr("error: "));
  EXPECT_EQ(evaluate("[].all(x, x)"), "true");
  EXPECT_EQ(evaluate("[].exists(x, x)"), "false");
  EXPECT_EQ(evaluate("[1, 2, 1].exists_one(x, x == 1)"), "false");
  EXPECT_EQ(evaluate("[1, 2, 3].exists_one(x, x == 1)"), "true");
  EXPECT_EQ(evaluate("[1, 2, 3].filter(x, x > 1).map(x, x + 1) == [3, 4]"), "true");
  EXPECT_EQ(evaluate("[1, 2, 3].map(x, x > 1, x + 1) == [3, 4]"), "true");
  EXPECT_EQ(evaluate("self.parts.all(key, key == 'Model')", object()), "true");
  EXPECT_THAT(evaluate("1.all(x, true)"), HasSubstr("error: a macro does not take int"));
}

TEST(CelSemantics, HasAsksForAFieldAndNotForItsParents) {
  EXPECT_EQ(evaluate("has(self.name)", object()), "true");
  EXPECT_EQ(evaluate("has(self.none)", object()), "false");
  EXPECT_EQ(evaluate("has(self.none.deeper)", object()), "error: no such key: none");
  EXPECT_EQ(evaluate("has(self.none) ? self.none : 'absent'", object()), "absent");
}

TEST(CelSemantics, NumbersCompareByValueWhateverTheirType) {
  EXPECT_EQ(evaluate("1 == 1.0 && 1 < 1.5 && 2.0 > 1 && 1.0 in [1]"), "true");
  EXPECT_EQ(evaluate("9007199254740993 == 9007199254740992.0"), "false");
  EXPECT_EQ(evaluate("9223372036854775807 < 1e19"), "true");
  EXPECT_EQ(evaluate("-1 - 9223372036854775807 > -1e19"), "true");
  EXPECT_EQ(evaluate("self.margin < 1.0", object()), "true");
  EXPECT_EQ(evaluate("(1e308 - -1e308) - (1e308 - -1e308) == 0.0"), "false");
  EXPECT_EQ(evaluate("(1e308 - -1e308) - (1e308 - -1e308) < 0.0"), "false");
}

TEST(CelSemantics, ValuesOfOtherTypesAreUnequalAndHaveNoOrder) {
  EXPECT_EQ(evaluate("1 == '1'"), "false");
  EXPECT_EQ(evaluate("1 != '1'"), "true");
  EXPECT_EQ(evaluate("null == false"), "false");
  EXPECT_EQ(evaluate("[1, [2]] == [1, [2]]"), "true");
  EXPECT_EQ(evaluate("{'a': 1} == {'a': 1.0}"), "true");
  EXPECT_EQ(evaluate("{'a': 1} == {'b': 1}"), "false");
  EXPECT_THAT(evaluate("'a' < 1"), HasSubstr("error: a comparison does not take string, int"));
  EXPECT_THAT(evaluate("1.5 < true"), HasSubstr("error: a comparison does not take double, bool"));
  EXPECT_THAT(evaluate("[1] < [2]"), HasSubstr("error: "));
}

TEST(CelSemantics, DurationsAreRead) {
  EXPECT_EQ(evaluate("self.load >= duration('1m30s') && self.load < duration('2m')", object()), "true");
  EXPECT_EQ(evaluate("duration('60s') == duration('1m')"), "true");
  EXPECT_THAT(evaluate("duration('soon')"), HasSubstr("error: duration: found \"soon\""));
}

TEST(CelSemantics, TextsAreMeasuredInCharactersAndSearched) {
  EXPECT_EQ(evaluate("'한국어'.size()"), "3");
  EXPECT_EQ(evaluate("size('ab') == 2 && size([1]) == 1 && size({'a': 1}) == 1"), "true");
  EXPECT_EQ(evaluate("'abc'.startsWith('ab') && 'abc'.endsWith('bc') && 'abc'.contains('b')"), "true");
  EXPECT_EQ(evaluate("'abc'.startsWith('b') || 'abc'.endsWith('b') || 'abc'.contains('d')"), "false");
  EXPECT_EQ(evaluate("'xabc'.matches('ab')"), "true");
  EXPECT_EQ(evaluate("'xabc'.matches('^ab')"), "false");
  EXPECT_EQ(
      evaluate("'a//b'.split('/') == ['a', '', 'b'] && '/'.split('/') == ['', ''] && ''.split('/') == ['']"),
      "true");
  EXPECT_THAT(evaluate("1.matches('a')"), HasSubstr("error: matches does not take int"));
  EXPECT_THAT(evaluate("1.size()"), HasSubstr("error: size does not take int"));
}

TEST(CelSemantics, ListsAndMapsAreAskedAndAdded) {
  EXPECT_EQ(
      evaluate("2 in [1, 2] && !(3 in [1, 2]) && 'Model' in self.parts && !('x' in self.parts)", object()),
      "true");
  EXPECT_EQ(evaluate("self.weights.isSorted() && ![2, 1].isSorted() && [].isSorted() && [1, 1].isSorted()",
                     object()),
            "true");
  EXPECT_THAT(evaluate("[1, 'a'].isSorted()"), HasSubstr("error: isSorted does not take int, string"));
  EXPECT_EQ(evaluate("[1] + [2] == [1, 2] && 'a' + 'b' == 'ab' && 0.5 + 0.5 == 1.0"), "true");
  EXPECT_THAT(evaluate("1 + 1.0"), HasSubstr("error: + does not take int, double"));
  EXPECT_THAT(evaluate("9223372036854775807 + 1"), HasSubstr("error: integer overflow"));
  EXPECT_THAT(evaluate("[1][1]"), HasSubstr("error: index out of bounds: 1"));
  EXPECT_THAT(evaluate("{'a': 1, 'a': 2}"), HasSubstr("error: found key a a second time"));
  EXPECT_THAT(evaluate("{1: 1}"), HasSubstr("error: found a key that is no text"));
}

TEST(CelSemantics, ARuleAboutAChangeIsNotEvaluatedWithoutTheObjectBefore) {
  EXPECT_THAT(evaluate("self == oldSelf"), HasSubstr("error: oldSelf: found no object before"));
}

TEST(CelSemantics, WorkIsBounded) {
  std::string nested = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 0]";
  const std::string list = nested;
  nested = "true";
  for (const char variable : std::string("abcdefgh"))
    nested = list + ".all(" + variable + ", " + nested + ")";
  EXPECT_THAT(evaluate(nested), HasSubstr("error: found more than 1000000 steps"));
  std::string doubled = "['xxxxxxxxxx']";
  for (int i = 0; i < 40; ++i) doubled += ".map(x, x + x)";
  EXPECT_THAT(evaluate(doubled), HasSubstr("error: found more than 1000000 steps"));
}

}  // namespace
}  // namespace llmops::cel
