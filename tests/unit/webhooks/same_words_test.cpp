// Lint, admission and conditions, held side by side on one table of objects.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cases.hpp"
#include "controllers/evalgate/core/decide.hpp"
#include "controllers/guardrail/core/decide.hpp"
#include "controllers/promptversion/core/decide.hpp"
#include "crds/base/names.hpp"

namespace llmops {
namespace {

using testing::HasSubstr;

const Cases& table() {
  static const Cases read = read_cases();
  return read;
}

Json review_of(const Case& one) {
  Json request = {
      {"uid", "u-1"},
      {"kind", {{"group", "llmops.dev"}, {"version", "v1alpha1"}, {"kind", one.object.at("kind")}}},
      {"operation", one.before.is_null() ? "CREATE" : "UPDATE"},
      {"namespace", "shop"},
      {"name", string_at(one.object, "metadata.name")},
      {"object", one.object},
      {"oldObject", one.before}};
  return {
      {"apiVersion", "admission.k8s.io/v1"}, {"kind", "AdmissionReview"}, {"request", std::move(request)}};
}

// The answer as the API server reads it.
Json ask(const Case& one) {
  const auto review = admission::parse_review(dump_json(review_of(one)));
  EXPECT_TRUE(review.ok()) << review.error().message;
  const auto answer = admission::evaluate(*review, objects_of(table().neighbours));
  return Json::parse(admission::review_answer(review->uid, answer)).at("response");
}

std::string condition(const std::vector<api::Condition>& conditions, std::string_view type) {
  for (const auto& condition : conditions)
    if (condition.type == type) return condition.message;
  return "";
}

template <class Observed, class T>
Observed seen(const Case& one) {
  Observed observed;
  observed.meta.ns = "shop";
  observed.meta.name = string_at(one.object, "metadata.name");
  observed.spec = T::parse(one.object)->spec;
  return observed;
}

// The condition that a controller writes about the object.
std::string told_by_condition(const Case& one) {
  const std::string kind = string_at(one.object, "kind");
  if (kind == "PromptVersion") {
    const auto next = promptversion::decide(seen<promptversion::Observed, api::PromptVersion>(one));
    return condition(next->status.conditions, names::kRendered);
  }
  if (kind == "Guardrail") {
    const auto next =
        guardrail::decide(seen<guardrail::Observed, api::Guardrail>(one), rules::compile_guardrails);
    return condition(next->status.conditions, names::kCompiled);
  }
  auto observed = seen<evalgate::Observed, api::EvalGate>(one);
  const Json golden = golden_set_object(one.items);
  if (observed.spec.offline)
    observed.golden_set = rules::golden_set(observed.spec.offline->dataset.config_map_ref, "shop", &golden);
  const auto next = evalgate::decide(observed);
  return condition(next->status.conditions, names::kDecidable);
}

class SameWords : public testing::TestWithParam<std::size_t> {
 protected:
  const Case& one() const { return table().cases[GetParam()]; }
};

TEST_P(SameWords, LintSaysThem) {
  SCOPED_TRACE(one().name);
  EXPECT_EQ(lint(one(), table().neighbours), one().says)
      << "CASE " << Json(one().name).dump() << " " << Json(lint(one(), table().neighbours)).dump();
}

TEST_P(SameWords, AdmissionRefusesWithErrorsAndWarnsOfTheRest) {
  SCOPED_TRACE(one().name);
  const Json response = ask(one());
  std::string refusal;
  Json warnings = Json::array();
  for (const auto& [severity, text] : one().admission) {
    if (severity == "warning")
      warnings.push_back(text);
    else
      refusal += (refusal.empty() ? "" : "; ") + text;
  }
  EXPECT_EQ(response.at("allowed"), refusal.empty());
  EXPECT_EQ(string_at(response, "status.message"), refusal);
  EXPECT_EQ(response.value("warnings", Json::array()), warnings) << "ADMISSION " << response.dump();
}

TEST_P(SameWords, ConditionsSayThem) {
  SCOPED_TRACE(one().name);
  const std::string kind = string_at(one().object, "kind");
  // A ModelDeployment's conditions are written of what its shell observed: tests/unit/controllers and
  // tests/e2e.
  if (kind == "ModelDeployment") return;
  const std::string told = told_by_condition(one());
  const bool has_errors = std::ranges::any_of(one().says, [](const auto& s) { return s.first == "error"; });
  for (const auto& [severity, text] : one().says) {
    // Told where the prompt is used, by the ModelDeployment's conditions.
    if (kind == "PromptVersion" && text.starts_with("spec.includes[0].")) continue;
    if (kind != "EvalGate" && has_errors && severity == "warning") continue;
    EXPECT_THAT(told, HasSubstr(text));
  }
}

INSTANTIATE_TEST_SUITE_P(Case, SameWords, testing::Range<std::size_t>(0, read_cases().cases.size()));

TEST(Table, HasGoodAndBadObjectsOfEveryKind) {
  std::map<std::pair<std::string, bool>, int> count;
  for (const auto& one : table().cases) {
    const bool bad = std::ranges::any_of(one.says, [](const auto& said) { return said.first == "error"; });
    ++count[{string_at(one.object, "kind"), bad}];
  }
  EXPECT_GE(table().cases.size(), 60u);
  EXPECT_EQ(count.size(), 8u) << "four kinds, each good and bad";
}

}  // namespace
}  // namespace llmops
