#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/promptversion/core/decide.hpp"
#include "controllers/shared/conditions.hpp"
#include "crds/base/json.hpp"
#include "crds/base/names.hpp"

namespace llmops::promptversion {
namespace {

using controllers::find_condition;
using testing::AllOf;
using testing::HasSubstr;

constexpr Timestamp kNow{std::chrono::seconds{1'800'000'000}};

Observed observed(const char* content = "You answer for {{shop}}.") {
  Observed seen;
  seen.now = kNow;
  seen.meta.ns = "shop";
  seen.meta.name = "support-v1";
  seen.meta.generation = 1;
  const Json document = {{"spec",
                          {{"prompt", "support"},
                           {"version", 1},
                           {"messages", Json::array({{{"role", "system"}, {"content", content}}})},
                           {"variables", {{"shop", Json::object()}}}}}};
  auto parsed = api::PromptVersion::parse(document);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  seen.spec = parsed->spec;
  return seen;
}

TEST(PromptVersion, GetsDigestUsersAndRenderedOnce) {
  Observed seen = observed();
  seen.used_by = 2;
  const auto first = decide(seen);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->status.digest->size(), 64u);
  EXPECT_EQ(first->status.used_by, 2);
  EXPECT_EQ(first->status.observed_generation, 1);
  const auto* rendered = find_condition(first->status.conditions, names::kRendered);
  ASSERT_TRUE(rendered);
  EXPECT_EQ(rendered->status, api::ConditionStatus::True);
  EXPECT_EQ(rendered->message, "1 message, required of every request: shop");
  EXPECT_FALSE(first->note) << "a prompt that is good from the start is no news";

  seen.status = first->status;
  seen.now += std::chrono::hours(1);
  EXPECT_FALSE(decide(seen)) << "nothing changed, so nothing is written";
}

TEST(PromptVersion, NamesMessageAndPositionOfWhatCannotBeRead) {
  const auto next = decide(observed("hello {{shop"));
  ASSERT_TRUE(next);
  const auto* rendered = find_condition(next->status.conditions, names::kRendered);
  EXPECT_EQ(rendered->status, api::ConditionStatus::False);
  EXPECT_EQ(rendered->reason, "TemplateInvalid");
  EXPECT_THAT(rendered->message, AllOf(HasSubstr("spec.messages[0].content"), HasSubstr("byte 6"),
                                       HasSubstr("create a new version")));
  EXPECT_EQ(find_condition(next->status.conditions, names::kReady)->status, api::ConditionStatus::False);
  EXPECT_EQ(find_condition(next->status.conditions, names::kStalled)->status, api::ConditionStatus::True);
  ASSERT_TRUE(next->note);
  EXPECT_TRUE(next->note->warning);
}

TEST(PromptVersion, CountsUsersWithoutTouchingTheCondition) {
  Observed seen = observed();
  seen.status = decide(seen)->status;
  seen.used_by = 1;
  seen.now += std::chrono::hours(1);
  const auto next = decide(seen);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->status.used_by, 1);
  EXPECT_EQ(next->status.conditions, seen.status->conditions);
  EXPECT_FALSE(next->note);
}

TEST(PromptVersion, KeepsTheConditionsOfOthers) {
  Observed seen = observed();
  seen.status = api::PromptVersionStatus{};
  controllers::set_condition(seen.status->conditions,
                             {"example.com/Reviewed", api::ConditionStatus::True, "Yes", ""}, 1, kNow);
  EXPECT_TRUE(find_condition(decide(seen)->status.conditions, "example.com/Reviewed"));
}

TEST(Conditions, MoveTheirTransitionTimeOnlyWithTheirStatus) {
  std::vector<api::Condition> conditions;
  controllers::set_condition(conditions, {"Ready", api::ConditionStatus::False, "A", "one"}, 1, kNow);
  controllers::set_condition(conditions, {"Ready", api::ConditionStatus::False, "B", "two"}, 2,
                             kNow + std::chrono::seconds(5));
  ASSERT_EQ(conditions.size(), 1u);
  EXPECT_EQ(conditions[0].last_transition_time, kNow);
  EXPECT_EQ(conditions[0].reason, "B");
  EXPECT_EQ(conditions[0].observed_generation, 2);
  controllers::set_condition(conditions, {"Ready", api::ConditionStatus::True, "C", ""}, 2,
                             kNow + std::chrono::seconds(9));
  EXPECT_EQ(conditions[0].last_transition_time, kNow + std::chrono::seconds(9));
}

TEST(Conditions, SayToKstatusOneOfReadyReconcilingAndStalled) {
  using controllers::Readiness;
  std::vector<api::Condition> conditions;
  for (const auto& [readiness, wanted] :
       {std::pair(Readiness::Ready, names::kReady), std::pair(Readiness::Awaiting, names::kReconciling),
        std::pair(Readiness::Stalled, names::kStalled)}) {
    controllers::set_readiness(conditions, readiness, "Why", "words", 3, kNow);
    ASSERT_EQ(conditions.size(), 3u);
    for (const auto& condition : conditions) {
      EXPECT_EQ(condition.status == api::ConditionStatus::True, condition.type == wanted) << condition.type;
      EXPECT_EQ(condition.observed_generation, 3);
    }
  }
}

TEST(Conditions, ClipMessagesBetweenCharacters) {
  EXPECT_EQ(controllers::clip("abc", 3), "abc");
  EXPECT_EQ(controllers::clip("환불환불", 9), "환불…");
  EXPECT_EQ(controllers::clip("환불환불", 8), "환…");
}

}  // namespace
}  // namespace llmops::promptversion
