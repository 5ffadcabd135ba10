#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/guardrail/core/decide.hpp"
#include "controllers/shared/conditions.hpp"
#include "crds/base/json.hpp"
#include "crds/base/names.hpp"

namespace llmops::guardrail {
namespace {

using controllers::find_condition;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Timestamp kNow{std::chrono::seconds{1'800'000'000}};

Result<void> reads_everything(const std::vector<wire::ResolvedGuardrail>&) {
  return {};
}

Json rule(const char* type, Json settings = Json::object(), const char* action = "Block") {
  Json made = {{"name", std::string("rule-") + type}, {"type", type}, {"action", action}};
  made.update(settings);
  return made;
}

api::GuardrailSpec spec_of(Json rules) {
  auto parsed = api::Guardrail::parse({{"spec", {{"rules", std::move(rules)}}}});
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  return parsed->spec;
}

Observed observed(Json rules = Json::array({rule("pii"), rule("secrets")})) {
  Observed seen;
  seen.now = kNow;
  seen.meta.ns = "shop";
  seen.meta.name = "pii-ko";
  seen.meta.generation = 1;
  seen.spec = spec_of(std::move(rules));
  return seen;
}

TEST(Guardrail, GetsDigestRulesUsersAndCompiledOnce) {
  Observed seen = observed();
  seen.used_by = 2;
  const auto first = decide(seen, reads_everything);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->status.digest->size(), 64u);
  EXPECT_EQ(first->status.rules, 2);
  EXPECT_EQ(first->status.used_by, 2);
  EXPECT_EQ(first->status.observed_generation, 1);
  const auto* compiled = find_condition(first->status.conditions, names::kCompiled);
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->status, api::ConditionStatus::True);
  EXPECT_EQ(compiled->message, "2 rules: pii, secrets; Enforce");
  EXPECT_EQ(find_condition(first->status.conditions, names::kReady)->status, api::ConditionStatus::True);
  EXPECT_FALSE(first->note) << "a guardrail that is good from the start is no news";

  seen.status = first->status;
  seen.now += std::chrono::hours(1);
  EXPECT_FALSE(decide(seen, reads_everything)) << "nothing changed, so nothing is written";
}

TEST(Guardrail, ThatDoesNotCompileSaysWhichRuleAndIsToldAsAWarning) {
  Observed seen = observed();
  seen.status = decide(seen, reads_everything)->status;
  ++seen.meta.generation;
  const auto next = decide(seen, [](const auto& list) -> Result<void> {
    EXPECT_EQ(list.at(0).name, "pii-ko");
    return Error{ErrorCode::InvalidArgument, "guardrail pii-ko: rules[1].regex.patterns[0]: missing )"};
  });
  ASSERT_TRUE(next);
  const auto* compiled = find_condition(next->status.conditions, names::kCompiled);
  EXPECT_EQ(compiled->status, api::ConditionStatus::False);
  EXPECT_EQ(compiled->reason, "RuleInvalid");
  EXPECT_THAT(compiled->message, HasSubstr("rules[1].regex.patterns[0]"));
  EXPECT_EQ(next->status.observed_generation, 2);
  for (const auto& condition : next->status.conditions)
    EXPECT_EQ(condition.observed_generation, 2) << condition.type;
  EXPECT_EQ(find_condition(next->status.conditions, names::kReady)->status, api::ConditionStatus::False);
  EXPECT_EQ(find_condition(next->status.conditions, names::kStalled)->status, api::ConditionStatus::True);
  ASSERT_TRUE(next->note);
  EXPECT_TRUE(next->note->warning);

  seen.status = next->status;
  const auto repaired = decide(seen, reads_everything);
  ASSERT_TRUE(repaired && repaired->note);
  EXPECT_FALSE(repaired->note->warning);
}

TEST(Guardrail, WarnsOfRulesThatFindNothingWhereTheyLook) {
  const auto next = decide(
      observed(Json::array({rule("systemPromptLeak", {{"stages", {"input"}}}),
                            rule("injection", {{"stages", {"input"}}, {"injection", {{"canary", true}}}})})),
      reads_everything);
  const auto* compiled = find_condition(next->status.conditions, names::kCompiled);
  EXPECT_EQ(compiled->status, api::ConditionStatus::True);
  EXPECT_THAT(compiled->message,
              AllOf(HasSubstr("spec.rules[0].stages"), HasSubstr("spec.rules[1].injection.canary")));
}

TEST(GuardrailDigest, CoversRulesAndModeAndNothingElse) {
  const auto spec = spec_of(Json::array({rule("pii")}));
  auto monitor = spec;
  monitor.mode = api::GuardrailMode::Monitor;
  EXPECT_NE(rules::guardrail_digest(spec), rules::guardrail_digest(monitor));
  EXPECT_EQ(rules::guardrail_digest(spec), rules::guardrail_digest(spec_of(Json::array({rule("pii")}))));
  EXPECT_EQ(rules::resolved("pii-ko", spec).digest, rules::guardrail_digest(spec));
}

TEST(GuardrailPatterns, ThatNoGatewayCouldReadAreNamed) {
  const auto spec = spec_of(Json::array(
      {rule("pii"), rule("regex", {{"regex", {{"patterns", {"PRJ-[0-9]{6}", "(?=x)y"}}}}}, "Mask")}));
  const auto read = rules::compile_guardrails({rules::resolved("pii-ko", spec)});
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().message, AllOf(HasSubstr("guardrail pii-ko: rules[1]"), HasSubstr("patterns[1]")));
  const auto good = spec_of(Json::array({rule("regex", {{"regex", {{"patterns", {"a+"}}}}}, "Mask")}));
  EXPECT_TRUE(rules::compile_guardrails({rules::resolved("pii-ko", good)}).ok());
  EXPECT_THAT(rules::check_guardrail("pii-ko", good), IsEmpty());
}

}  // namespace
}  // namespace llmops::guardrail
