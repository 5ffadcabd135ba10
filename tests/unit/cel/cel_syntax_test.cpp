// What is understood of the language, and that the rest is refused.
#include <gmock/gmock.h>

#include <limits>

#include "evaluate.hpp"

namespace llmops::cel {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing_support::evaluate;

TEST(CelSyntax, OperatorsBindAsTheLanguageDefinitionSays) {
  EXPECT_EQ(evaluate("1 + 2 - 4"), "-1");
  EXPECT_EQ(evaluate("1 - 2 - 3"), "-4");
  EXPECT_EQ(evaluate("true || false && false"), "true");
  EXPECT_EQ(evaluate("(true || false) && false"), "false");
  EXPECT_EQ(evaluate("1 + 1 == 2 && 3 > 2"), "true");
  EXPECT_EQ(evaluate("!true || true"), "true");
  EXPECT_EQ(evaluate("!!true"), "true");
  EXPECT_EQ(evaluate("--1"), "1");
  EXPECT_EQ(evaluate("false ? 1 : true ? 2 : 3"), "2");
  EXPECT_EQ(evaluate("1 < 2 == true"), "true");
  EXPECT_EQ(evaluate("[1, 2][1] + {'a': 5}['a']"), "7");
}

TEST(CelSyntax, LiteralsAreThoseOfTheSubset) {
  EXPECT_EQ(evaluate(R"("a\"b\n")"), "a\"b\n");
  EXPECT_EQ(evaluate(R"('it\'s')"), "it's");
  EXPECT_EQ(evaluate("''"), "");
  EXPECT_EQ(evaluate("1.5e1 == 15.0"), "true");
  EXPECT_EQ(evaluate(".5 < 1.0"), "true");
  EXPECT_EQ(evaluate("null == null"), "true");
  EXPECT_EQ(evaluate("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(evaluate("[]"), "[0]");
  EXPECT_EQ(evaluate("{}"), "{0}");
}

TEST(CelSyntax, ConditionsSpeakOfTheResultAndOfNumbersThatAreNone) {
  const auto condition = [](std::string_view source, const Value& result) {
    const auto program = Program::compile(source, Language::Conditions);
    if (!program.ok()) return "refused: " + program.error().message;
    return testing_support::shown(program->evaluate(result));
  };
  const Value list = Value::of(List{Value::of(0.5), Value::of(std::numeric_limits<double>::quiet_NaN())});
  EXPECT_EQ(condition("result[0] >= 0.5 && len(result) == 2 && isNaN(result[1])", list), "true");
  EXPECT_EQ(condition("isNaN(result[0]) || isInf(1)", list), "false");
  EXPECT_EQ(condition("isNaN(result)", list), "error: a function of numbers does not take list");
  EXPECT_EQ(condition("self[0] > 0", list),
            "refused: byte 0: found self, allowed result or the variable of a macro");
  EXPECT_THAT(condition("oldSelf == 1", list), StartsWith("refused: byte 0: found oldSelf"));
  EXPECT_EQ(condition("result.all(self, self >= 0)", Value::of(List{Value::of(0.5)})), "true");
  for (const char* source : {"isNaN(self)", "isInf(self)", "len(self) == 1"})
    EXPECT_THAT(evaluate(source), HasSubstr("with 1 arguments, allowed has()"))
        << "API servers know no such function";
  const auto program = Program::compile("result.size() > 1 && isNaN(result[1])", Language::Conditions);
  ASSERT_TRUE(program.ok());
  EXPECT_TRUE(program->calls("size") && program->calls("isNaN"));
  EXPECT_FALSE(program->calls("len"));
}

TEST(CelSyntax, WhatIsOutsideOfTheSubsetIsRefusedWithItsPlace) {
  EXPECT_THAT(evaluate("1 * 2"), StartsWith("refused: byte 2: found \"*\""));
  EXPECT_THAT(evaluate("self.a.b.lowerAscii()"),
              HasSubstr("found .lowerAscii() with 0 arguments, allowed has()"));
  EXPECT_THAT(evaluate("quantity('1Gi')"), HasSubstr("found quantity() with 1 arguments"));
  EXPECT_THAT(evaluate("size(1, 2)"), HasSubstr("found size() with 2 arguments"));
  EXPECT_THAT(evaluate("r'a'"), HasSubstr("a string with a prefix"));
  EXPECT_THAT(evaluate("'''a'''"), HasSubstr("a triple-quoted string"));
  EXPECT_THAT(evaluate("1u"), HasSubstr("a number with letters"));
  EXPECT_THAT(evaluate("0x1F"), HasSubstr("a number with letters"));
  EXPECT_THAT(evaluate("99999999999999999999"), HasSubstr("integers of 64 bits"));
  EXPECT_THAT(evaluate("'a"), HasSubstr("a string without end"));
  EXPECT_THAT(evaluate(R"('\x41')"), HasSubstr("the escapes"));
  EXPECT_THAT(evaluate("self.__namespace__"), HasSubstr("the escaped name"));
  EXPECT_THAT(evaluate("other"), HasSubstr("found other, allowed self, oldSelf"));
  EXPECT_THAT(evaluate("has(self)"), HasSubstr("has(object.field)"));
  EXPECT_THAT(evaluate("self.map(x)"), HasSubstr("map with 1 arguments"));
  EXPECT_THAT(evaluate("self.all(1, true)"), HasSubstr("the name of a variable"));
  EXPECT_THAT(evaluate("self.matches(self)"), HasSubstr("matches without a literal"));
  EXPECT_THAT(evaluate("self.matches('[')"), HasSubstr("a pattern in RE2's syntax"));
  EXPECT_THAT(evaluate("1 +"), HasSubstr("found the end, allowed a value"));
  EXPECT_THAT(evaluate("1 2"), HasSubstr("allowed an operator or the end"));
  EXPECT_THAT(evaluate("(1"), HasSubstr("allowed \")\""));
  EXPECT_THAT(evaluate("true ? 1"), HasSubstr("allowed \":\""));
  EXPECT_THAT(evaluate(""), HasSubstr("allowed a value"));
}

TEST(CelSyntax, AVariableOfAMacroEndsWithTheMacro) {
  EXPECT_EQ(evaluate("[1].all(x, [2].exists(y, y > x))"), "true");
  EXPECT_THAT(evaluate("[1].all(x, true) && x"), HasSubstr("refused: byte 20: found x"));
  EXPECT_EQ(evaluate("[1].exists(self, self == 1)"), "true");
  EXPECT_FALSE(Program::compile("[1].exists(oldSelf, oldSelf == 1)")->uses_old_self());
  EXPECT_TRUE(Program::compile("self == oldSelf")->uses_old_self());
}

TEST(CelSyntax, LengthAndDepthAreBounded) {
  EXPECT_THAT(evaluate(std::string(5000, ' ') + "1"), HasSubstr("allowed 4096"));
  EXPECT_THAT(evaluate(std::string(100, '(') + "1" + std::string(100, ')')),
              HasSubstr("nesting deeper than 32"));
  EXPECT_EQ(evaluate(std::string(20, '(') + "1" + std::string(20, ')')), "1");
}

}  // namespace
}  // namespace llmops::cel
