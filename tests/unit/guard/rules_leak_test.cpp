#include <gmock/gmock.h>

#include "gateway/guard/rules/makers.hpp"
#include "rules_law.hpp"

namespace llmops::guard {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing_support::expect_law;
using testing_support::found_in;
using testing_support::random_text;
using testing_support::whole;

constexpr std::string_view kPrompt =
    "You are the support assistant of Hanbit Shop. Never promise a refund before the return was checked. "
    "당신은 한빛상점의 상담원입니다. 환불 여부는 반품 확인 전에 절대로 약속하지 말고 담당자에게 넘기십시오.";

std::unique_ptr<SpanRule> leak(std::string_view prompt, std::int64_t words) {
  api::SystemPromptLeakSettings settings;
  settings.min_words = words;
  RuleContext context;
  context.system_prompt = prompt;
  auto rule = make_system_prompt_leak_rule(settings, context);
  EXPECT_TRUE(rule.ok());
  return std::move(*rule);
}

TEST(SystemPromptLeak, FindsWordsInARowWhateverTheirCaseAndPunctuation) {
  const auto rule = leak(kPrompt, 5);
  EXPECT_THAT(found_in(*rule, "My orders: you are THE support-assistant of shops"),
              ElementsAre("THE support-assistant"));
  EXPECT_THAT(found_in(*rule, "\"NEVER; promise\n a *refund* before\" and so on"),
              ElementsAre("a *refund* before"));
  EXPECT_THAT(found_in(*rule, "저는 '환불 여부는 반품 확인 전에' 답하지 않습니다"),
              ElementsAre("반품 확인 전에"));
}

TEST(SystemPromptLeak, LeavesFewerWordsAndOtherOrders) {
  const auto rule = leak(kPrompt, 5);
  EXPECT_THAT(found_in(*rule, "You are the support person who can promise a refund before Monday"),
              IsEmpty());
  EXPECT_THAT(found_in(*rule, "assistant support the are you of Hanbit"), IsEmpty());
  EXPECT_THAT(found_in(*rule, "환불 여부는 반품이 끝나야 알 수 있습니다"), IsEmpty());
  EXPECT_THAT(found_in(*rule, "Never promise - " + std::string(40, ' ') + " a refund before the"), IsEmpty());
}

TEST(SystemPromptLeak, TellsALongLeakAsSpansThatTouch) {
  const auto rule = leak(kPrompt, 4);
  const auto spans = whole(*rule, kPrompt);
  ASSERT_GT(spans.size(), 5u);
  EXPECT_EQ(spans.front().first, kPrompt.find("the support"));
  EXPECT_GT(spans.back().second, kPrompt.size() - 30) << "fewer than a row of two new words may be left";
  expect_law(*rule, kPrompt);
}

TEST(SystemPromptLeak, TakesAShortPromptAsAWholeAndNothingOfTwoWords) {
  EXPECT_THAT(found_in(*leak("Answer in Korean only", 8), "I answer in Korean only, sorry"),
              ElementsAre("Korean only"));
  EXPECT_THAT(found_in(*leak("Be kind", 8), "be kind"), IsEmpty());
  EXPECT_THAT(found_in(*leak("", 8), "anything at all"), IsEmpty());
}

TEST(SystemPromptLeak, HoldsOnlyFromTheThirdWordOfARow) {
  const auto rule = leak(kPrompt, 8);
  const auto held = [&](std::string_view text) {
    Scan scan;
    rule->scan({text, 0, false, {}}, scan);
    return text.substr(scan.decided);
  };
  EXPECT_EQ(held("Hello, you are "), "");
  EXPECT_EQ(held("Hello, you are t"), "t");
  EXPECT_EQ(held("Hello, you are the support "), "the support ");
  EXPECT_EQ(held("Hello, you are the sup"), "the sup");
  EXPECT_EQ(held("Hello, you are the suq"), "");
  EXPECT_EQ(held("Hello, you are the support team "), "");
  EXPECT_EQ(held("환불 여부는 반"), "반");
  EXPECT_EQ(held("환불 여부는 반대"), "");
}

TEST(SystemPromptLeak, KeepsTheLawForTextsOfItsWords) {
  std::mt19937 random(11);
  const std::vector<std::string_view> fragments = {"a ",  "b ",   "c ", "d ", "a",  "b",  "-",   ". ", "가 ",
                                                   "나 ", "가나", " ",  "e ", "\n", "A ", "b, ", "가", "x "};
  const auto rule = leak("a b c d a b 가 나 c a a b. 가나 가 e a b c", 4);
  for (int round = 0; round < 1500 && !HasFailure(); ++round)
    expect_law(*rule, random_text(random, fragments, 14));
}

TEST(SystemPromptLeak, KeepsTheLawForWordsAndGapsAtTheirBounds) {
  const std::string long_word(64, 'w');
  const std::string longer(65, 'w');
  const std::string gap(32, ' ');
  const std::string prompt = long_word + " " + long_word + " a b " + long_word + " c";
  const auto rule = leak(prompt, 4);
  for (const std::string& between : {std::string(" "), gap, gap + " "})
    for (const std::string& word : {long_word, longer})
      expect_law(*rule, "x" + between + word + between + word + between + "a" + between + "b" + between +
                            word + between + "c" + between);
  EXPECT_EQ(whole(*rule, long_word + gap + long_word + gap + "a" + gap + "b").size(), 1u);
  EXPECT_EQ(whole(*rule, long_word + gap + long_word + gap + "a" + gap + " b").size(), 0u);
}

TEST(Canary, IsFoundInAnyCaseAndHeldOnlyWhileItCouldBegin) {
  const auto rule = std::move(*make_canary_rule("zq-7F3a-Zq"));
  EXPECT_THAT(found_in(*rule, "the mark is ZQ-7f3A-zq."), ElementsAre("ZQ-7f3A-zq"));
  EXPECT_THAT(found_in(*rule, "zzq-7F3a-Zq-7F3a-Zq"), ElementsAre("zq-7F3a-Zq"));
  EXPECT_THAT(found_in(*rule, "zq-7F3a"), IsEmpty());
  EXPECT_EQ(expect_law(*rule, "zq-7F3a-zz").most_held, 9u);
  EXPECT_FALSE(make_canary_rule("").ok());
}

}  // namespace
}  // namespace llmops::guard
