#include <gtest/gtest.h>

#include <chrono>

#include "evaluator/scorers/scorer.hpp"

namespace llmops::scorers {
namespace {

std::unique_ptr<Scorer> scorer(ScorerKind kind, bool ignore_case = false, std::string pattern = {},
                               UnicodeForm form = UnicodeForm::Nfc) {
  auto made = make_scorer({kind, ignore_case, form, std::move(pattern)});
  EXPECT_TRUE(made.ok());
  return std::move(*made);
}

double value(const Scorer& scorer, std::string_view output, std::vector<std::string> references) {
  const Score score = scorer.score({output, &references, std::nullopt});
  return score.value.value_or(-1);
}

TEST(Equals, ComparesWholeTextsAndTrimsNothing) {
  const auto equals = scorer(ScorerKind::Equals);
  EXPECT_EQ(value(*equals, "14일", {"14일"}), 1);
  EXPECT_EQ(value(*equals, "14일 ", {"14일"}), 0);
  EXPECT_EQ(value(*equals, "Yes", {"yes"}), 0);
  EXPECT_EQ(value(*equals, "", {""}), 1);
  EXPECT_EQ(equals->signature(), "equals|case:exact|nfc|v1");
}

TEST(Contains, FindsKoreanHoweverItsSyllablesAreComposed) {
  const auto contains = scorer(ScorerKind::Contains);
  const std::string decomposed = "\u1112\u116A\u11AB\u1107\u116E\u11AF";  // 환불 as jamo
  EXPECT_EQ(value(*contains, "네, 환불은 14일 이내입니다.", {decomposed}), 1);
  EXPECT_EQ(value(*contains, decomposed + "은 14일 이내입니다.", {"환불은 14일"}), 1);
  EXPECT_EQ(value(*contains, "환불은 7일 이내입니다.", {"14일"}), 0);
  EXPECT_EQ(contains->signature(), "contains|case:exact|nfc|v1");
}

TEST(Contains, TakesTheBestOfSeveralReferences) {
  EXPECT_EQ(value(*scorer(ScorerKind::Contains), "two weeks", {"14 days", "two weeks"}), 1);
}

TEST(Contains, FoldsCaseOfEveryScriptWhenAsked) {
  const auto folding = scorer(ScorerKind::Contains, true);
  EXPECT_EQ(value(*folding, "DIE STRASSE", {"straße"}), 1);
  EXPECT_EQ(value(*folding, "ΣΊΣΥΦΟΣ", {"σίσυφος"}), 1);
  EXPECT_EQ(folding->signature(), "contains|case:fold|nfc|v1");
}

TEST(Contains, ReadsFullWidthDigitsAsDigitsInCompatibilityForm) {
  EXPECT_EQ(value(*scorer(ScorerKind::Contains), "１４일", {"14일"}), 0);
  const auto compatible = scorer(ScorerKind::Contains, false, {}, UnicodeForm::Nfkc);
  EXPECT_EQ(value(*compatible, "１４일", {"14일"}), 1);
  EXPECT_EQ(compatible->signature(), "contains|case:exact|nfkc|v1");
}

TEST(Contains, ScoresOutputThatIsNotUtf8) {
  EXPECT_EQ(value(*scorer(ScorerKind::Contains), "\xff\xfe 14일 \xed\x9a", {"14일"}), 1);
  EXPECT_EQ(value(*scorer(ScorerKind::Contains, true), "\xc3", {"a"}), 0);
}

TEST(Contains, RefusesAnEmptyReferenceBecauseEverythingContainsIt) {
  EXPECT_FALSE(scorer(ScorerKind::Contains)->check_reference("").ok());
  EXPECT_TRUE(scorer(ScorerKind::Equals)->check_reference("").ok());
}

TEST(Scorers, LeaveAnItemWithoutReferenceUnscored) {
  for (const ScorerKind kind :
       {ScorerKind::Equals, ScorerKind::Contains, ScorerKind::Regex, ScorerKind::CharF1}) {
    const Score score = scorer(kind)->score({"text", nullptr, std::nullopt});
    EXPECT_FALSE(score.value.has_value());
    EXPECT_EQ(score.unscored_reason, "no reference");
    EXPECT_TRUE(scorer(kind)->needs_reference());
  }
}

TEST(Regex, MatchesAnywhereByItsPatternOrByTheItemsReference) {
  const auto fixed = scorer(ScorerKind::Regex, false, R"(\d+일 이내)");
  EXPECT_EQ(value(*fixed, "받으신 날부터 14일 이내에", {}), 1);
  EXPECT_EQ(value(*fixed, "언제든지", {}), 0);
  EXPECT_FALSE(fixed->needs_reference());
  const auto by_reference = scorer(ScorerKind::Regex, true);
  EXPECT_EQ(value(*by_reference, "Within 14 DAYS.", {"^never", "1[0-9] days"}), 1);
  EXPECT_EQ(by_reference->signature(), "regex|re2|case:fold|nfc|pattern:reference|v1");
}

TEST(Regex, RefusesPatternsThatAreNoneAndSaysWhy) {
  const auto broken = make_scorer({ScorerKind::Regex, false, UnicodeForm::Nfc, "(14"});
  ASSERT_FALSE(broken.ok());
  EXPECT_NE(broken.error().message.find("missing )"), std::string::npos) << broken.error().message;
  EXPECT_FALSE(make_scorer({ScorerKind::Regex, false, UnicodeForm::Nfc, R"((a)\1)"}).ok());
  EXPECT_FALSE(scorer(ScorerKind::Regex)->check_reference("[").ok());
  EXPECT_FALSE(make_scorer({ScorerKind::Contains, false, UnicodeForm::Nfc, "a"}).ok());
}

TEST(Regex, StaysLinearOnPatternsThatBacktrackElsewhere) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(value(*scorer(ScorerKind::Regex, false, "(a+)+$"), std::string(100'000, 'a') + "b", {}), 0);
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 2.0);
}

TEST(CharF1, ReproducesTheKorquadVectors) {
  const auto f1 = scorer(ScorerKind::CharF1);
  EXPECT_NEAR(value(*f1, "파리입니다", {"파리"}), 0.5714, 5e-5);
  EXPECT_NEAR(value(*f1, "수도는 파리이다", {"파리"}), 0.4444, 5e-5);
  EXPECT_NEAR(value(*f1, "《위키백과》에서", {"위키백과"}), 0.8, 1e-12);
  EXPECT_NEAR(value(*f1, "서울특별시", {"서울"}), 0.5714, 5e-5);
  EXPECT_EQ(value(*f1, "", {"파리"}), 0);
}

TEST(CharF1, CountsRepeatedCharactersOnceEachAndTakesTheBestReference) {
  const auto f1 = scorer(ScorerKind::CharF1);
  EXPECT_NEAR(value(*f1, "aab", {"abb"}), 2.0 * 2 / 6, 1e-12);
  EXPECT_EQ(value(*f1, "THE (Answer)!", {"nothing", "the answer"}), 1);
  EXPECT_EQ(value(*f1, "\u1111\u1161\u1105\u1175", {"파리"}), 1);  // 파리 as jamo
  EXPECT_FALSE(f1->check_reference(" .,!").ok());
}

TEST(Latency, IsBetterWhenLessAndUnscoredWhenUnknown) {
  const auto latency = scorer(ScorerKind::Latency);
  EXPECT_EQ(latency->score({"", nullptr, 123.5}).value, 123.5);
  EXPECT_FALSE(latency->score({"", nullptr, std::nullopt}).value.has_value());
  EXPECT_FALSE(latency->higher_is_better());
  EXPECT_FALSE(latency->needs_reference());
}

TEST(ScorerNames, RoundTrip) {
  for (const std::string_view name :
       {"equals", "contains", "regex", "char-f1", "latency", "attack-success", "over-block", "refusal"})
    EXPECT_EQ(to_string(*parse_scorer_kind(name)), name);
  EXPECT_FALSE(parse_scorer_kind("icontains").has_value());
}

}  // namespace
}  // namespace llmops::scorers
