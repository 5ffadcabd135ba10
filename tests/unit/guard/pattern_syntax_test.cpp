#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>
#include <utf8proc.h>

#include "gateway/guard/pattern/code_points.hpp"
#include "pattern_samples.hpp"

namespace llmops::guard {
namespace {

using samples::by_re2;
using samples::compiled;
using samples::whole;
using testing::AllOf;
using testing::HasSubstr;

std::string refusal(const std::string& expression) {
  const Result<PatternSet> set = PatternSet::compile({{"fine", false}, {expression, false}}, 256);
  if (set.ok()) return "accepted";
  EXPECT_EQ(set.error().code, ErrorCode::InvalidArgument);
  return set.error().message;
}

TEST(PatternSyntax, RefusesWhatItCannotDecideAndSaysWhereAndWhatIsAllowed) {
  EXPECT_EQ(
      refusal("a(?=b)"),
      "patterns[1]: expression \"a(?=b)\": at byte 1: look-around (?= is not allowed: it has no linear time; "
      "allowed on the neighbours are \\b \\B ^ $");
  EXPECT_THAT(refusal("(?<!a)b"), AllOf(HasSubstr("at byte 0"), HasSubstr("look-around (?<!")));
  EXPECT_THAT(refusal("(a)\\1"), AllOf(HasSubstr("at byte 3"), HasSubstr("back-references")));
  EXPECT_THAT(refusal("(?>a)"), AllOf(HasSubstr("at byte 0"), HasSubstr("allowed: (…) (?:…)")));
  EXPECT_THAT(refusal("a\\Cb"),
              AllOf(HasSubstr("at byte 1"), HasSubstr("escape \\C is not known; allowed: ")));
  EXPECT_THAT(refusal("x\\p{Klingon}"), AllOf(HasSubstr("at byte 1"), HasSubstr("Hangul")));
  EXPECT_THAT(refusal("[[:letter:]]"), AllOf(HasSubstr("at byte 1"), HasSubstr("alpha")));
  EXPECT_THAT(refusal("[b-a]"), AllOf(HasSubstr("at byte 1"), HasSubstr("ends before it begins")));
  EXPECT_THAT(refusal("a[bc"), AllOf(HasSubstr("at byte 1"), HasSubstr("[ without ]")));
  EXPECT_THAT(refusal("a(b"), AllOf(HasSubstr("at byte 1"), HasSubstr("( without )")));
  EXPECT_THAT(refusal("ab)"), AllOf(HasSubstr("at byte 2"), HasSubstr(") without (")));
  EXPECT_THAT(refusal("*a"), AllOf(HasSubstr("at byte 0"), HasSubstr("nothing to repeat")));
  EXPECT_THAT(refusal("a**"), AllOf(HasSubstr("at byte 2"), HasSubstr("put the inner one into a group")));
  EXPECT_THAT(refusal("a{2,1}"), AllOf(HasSubstr("at byte 1"), HasSubstr("least ≤ most ≤ 1000")));
  EXPECT_THAT(refusal("a{1001}"), HasSubstr("least ≤ most ≤ 1000"));
  EXPECT_THAT(refusal("\\b+a"), HasSubstr("an assertion cannot be repeated"));
  EXPECT_THAT(refusal("{2}"), HasSubstr("no argument for repetition operator")) << "what only RE2 refuses";
  EXPECT_THAT(refusal("a\\"), HasSubstr("ends too early"));
  EXPECT_THAT(refusal("\xFF"), HasSubstr("not UTF-8"));
  EXPECT_THAT(refusal(std::string(200, '(') + "a" + std::string(200, ')')),
              HasSubstr("nested deeper than 100"));
}

TEST(PatternSyntax, RefusesExpressionsThatMatchTheEmptyTextOrNothing) {
  for (const char* expression : {"", "a*", "a?b{0,2}", "(a|)", "\\b", "^$", "()", "(?:)*"})
    EXPECT_THAT(refusal(expression),
                HasSubstr("it matches the empty text; a match must have at least one character"))
        << expression;
  for (const char* expression : {"a\\bb", "a^b", "a$b", "[^\\x00-\\x{10FFFF}]"})
    EXPECT_THAT(refusal(expression),
                testing::AnyOf(HasSubstr("it matches no text at all"), HasSubstr("no members")))
        << expression;
}

TEST(PatternSyntax, RefusesExpressionsWhoseAutomatonWouldBeTooLarge) {
  for (const char* expression : {"(?:a{1000}){1000}", "((((a{0,100}){100}){100}){100})", "\\p{L}{1000}",
                                 "((((((()){1000}){1000}){1000}){1000}){1000}a{1000}){100}"})
    EXPECT_THAT(refusal(expression), AllOf(HasSubstr("too large"), HasSubstr("20000 states"))) << expression;
}

TEST(PatternSyntax, RefusesEmptyAndInvalidWords) {
  EXPECT_THAT(PatternSet::literals({"a", ""}, false, 9).error().message,
              HasSubstr("words[1]: the word is empty"));
  EXPECT_THAT(PatternSet::literals({"\xEA"}, false, 9).error().message,
              HasSubstr("words[0]: at byte 0: not UTF-8"));
}

TEST(PatternSyntax, UnderstandsWhatRe2Understands) {
  const std::string text =
      "Straße STRASSE \t 가나다 漢字 ひらがな カタカナ абв АБВ αβγς Σ a_b-c.d 123 ①½ [x] {2} \\E ^$ k "
      "\xE2\x84\xAA ſ ß \n"
      "end😀 é É 가a";
  for (const char* expression : {"\\Q[x]\\E",
                                 "\\Qab\\E",
                                 "[^\\d\\s]+",
                                 "[[:alpha:]]+",
                                 "[[:^alpha:]]+",
                                 "[\\w.-]+",
                                 "\\p{L}+",
                                 "\\PL+",
                                 "\\p{^L}+",
                                 "\\pN",
                                 "\\p{Lu}+",
                                 "\\p{Hangul}+",
                                 "\\p{Han}+",
                                 "\\p{Hiragana}",
                                 "\\p{Katakana}+",
                                 "\\p{Greek}+",
                                 "\\p{Cyrillic}+",
                                 "[\\p{Latin}\\d]+",
                                 "(?i)strasse",
                                 "(?i)straße",
                                 "(?i)[а-в]+",
                                 "(?i)σ",
                                 "(?i)K",
                                 "(?i)[^k]+",
                                 "(?i)s+",
                                 "(?i)\\w+",
                                 "(?i)\\W+",
                                 "(?i)é",
                                 "(?P<word>\\w+)",
                                 "x{2}",
                                 "\\{2}",
                                 "a{,2}",
                                 "[]a]",
                                 "[a-]",
                                 "[-a]",
                                 "[^]x]+",
                                 "\\x41|\\x{AC00}",
                                 "\\t",
                                 ".+",
                                 "(?s).+",
                                 "(?m)^\\w+$",
                                 "(?m)\\w+$",
                                 "^\\w+",
                                 "\\w+$",
                                 "\\bk\\b",
                                 "\\B.",
                                 "(?i:end)|é",
                                 "a(?i)B|c",
                                 "[\\x{1F600}-\\x{1F64F}]",
                                 "\\S+?",
                                 "(?U)\\S+",
                                 "(a|b|)c",
                                 "\\pP+",
                                 "[^\\PL가-나]+",
                                 "\\.",
                                 "[\\]\\\\]",
                                 "\\Aß|.$"}) {
    const PatternSet set = compiled({expression}, 1000);
    ASSERT_EQ(set.size(), 1U);
    EXPECT_EQ(whole(set, text), by_re2(expression, text)) << expression;
  }
}

std::string utf8(std::uint32_t code) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code), bytes);
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

TEST(PatternSyntax, ScriptsHaveTheCodePointsThatRe2Knows) {
  for (const char* name : {"Arabic", "Cyrillic", "Devanagari", "Greek", "Han", "Hangul", "Hebrew", "Hiragana",
                           "Katakana", "Latin", "Thai"}) {
    const RE2 re2("\\p{" + std::string(name) + "}");
    const CodePointSet* script = unicode_class(name);
    ASSERT_NE(script, nullptr);
    std::size_t range = 0, differences = 0;
    for (std::uint32_t code = 1; code < 0x30000; ++code) {
      if (code >= 0xD800 && code < 0xE000) continue;
      while (range < script->ranges().size() && script->ranges()[range].last < code) ++range;
      const bool inside = range < script->ranges().size() && script->ranges()[range].first <= code;
      differences += inside != RE2::FullMatch(utf8(code), re2) ? 1 : 0;
    }
    EXPECT_EQ(differences, 0U) << name;
  }
}

TEST(PatternSyntax, ClassesAreSpeltInBytesExactly) {
  samples::Generator generator(7);
  const std::uint32_t bounds[] = {0x1,     0x7F,    0x80,    0x7FF,   0x800,   0xFFF,
                                  0x1000,  0xABFF,  0xAC00,  0xD7A3,  0xE000,  0xFFFF,
                                  0x10000, 0x1F600, 0x3FFFF, 0x40000, 0xFFFFF, 0x10FFFF};
  for (int i = 0; i < 200; ++i) {
    CodePointSet set;
    std::string expression;
    for (int k = 0; k < 3; ++k) {
      std::uint32_t first = bounds[generator.below(std::size(bounds))];
      std::uint32_t last =
          first + static_cast<std::uint32_t>(generator.below(generator.below(2) == 0 ? 300 : 70000));
      last = std::min(last, CodePointSet::kLast);
      set.add(first, last);
      char text[64];
      std::snprintf(text, sizeof text, "\\x{%X}-\\x{%X}", first, last);
      expression += text;
    }
    const PatternSet inside = compiled({"[" + expression + "]"});
    const PatternSet outside = compiled({"[^" + expression + "]"});
    for (const CodePointSet::Range& range : set.ranges())
      for (const std::uint32_t code :
           {range.first - 1, range.first, (range.first + range.last) / 2, range.last, range.last + 1}) {
        if ((code >= 0xD800 && code < 0xE000) || code > CodePointSet::kLast) continue;
        const bool is_inside = std::any_of(set.ranges().begin(), set.ranges().end(), [&](const auto& other) {
          return other.first <= code && code <= other.last;
        });
        ASSERT_EQ(whole(inside, utf8(code)).size(), is_inside ? 1U : 0U)
            << expression << " U+" << std::hex << code;
        ASSERT_EQ(whole(outside, utf8(code)).size(), is_inside ? 0U : 1U)
            << expression << " U+" << std::hex << code;
      }
  }
}

}  // namespace
}  // namespace llmops::guard
