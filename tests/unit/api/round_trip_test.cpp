// Each example becomes C++ and JSON again without a change.
#include <gtest/gtest.h>

#include "crds/api/eval_gate.hpp"
#include "crds/api/eval_run.hpp"
#include "crds/api/guardrail.hpp"
#include "crds/api/model_deployment.hpp"
#include "crds/api/prompt_version.hpp"
#include "crds/wire/eval_result.hpp"
#include "crds/wire/eval_spec.hpp"
#include "crds/wire/eval_summary.hpp"
#include "crds/wire/gateway_config.hpp"
#include "crds/wire/gateway_report.hpp"
#include "crds/wire/revision_body.hpp"
#include "load.hpp"

namespace llmops {
namespace {

using test::load;

template <class T>
void expect_round_trip(Json document) {
  ASSERT_TRUE(document.is_object()) << "the example is missing";
  const auto parsed = T::parse(document);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  for (const char* not_ours : {"apiVersion", "kind", "metadata"}) document.erase(not_ours);
  const Json written = parsed->to_json();
  EXPECT_EQ(written, document) << Json::diff(document, written).dump(1);
  const auto again = T::parse(written);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(*again, *parsed);
}

TEST(ApiRoundTrip, KeepsEveryFieldOfAModelDeployment) {
  expect_round_trip<api::ModelDeployment>(load("model_deployment"));
}
TEST(ApiRoundTrip, KeepsAnInlinePrompt) {
  expect_round_trip<api::ModelDeployment>(load("model_deployment_inline_prompt"));
}
TEST(ApiRoundTrip, KeepsEveryFieldOfAPromptVersion) {
  expect_round_trip<api::PromptVersion>(load("prompt_version"));
}
TEST(ApiRoundTrip, KeepsEveryFieldOfAGuardrail) {
  expect_round_trip<api::Guardrail>(load("guardrail"));
}
TEST(ApiRoundTrip, KeepsEveryFieldOfAnEvalGate) {
  expect_round_trip<api::EvalGate>(load("eval_gate"));
}
TEST(ApiRoundTrip, KeepsEveryFieldOfAnEvalRun) {
  expect_round_trip<api::EvalRun>(load("eval_run"));
}
TEST(ApiRoundTrip, KeepsAGatewayConfig) {
  expect_round_trip<wire::GatewayConfig>(load("wire/gateway_config"));
}
TEST(ApiRoundTrip, KeepsARevisionBody) {
  expect_round_trip<wire::RevisionBody>(load("wire/revision_body"));
}
TEST(ApiRoundTrip, KeepsAGatewayReport) {
  expect_round_trip<wire::GatewayReport>(load("wire/gateway_report"));
}
TEST(ApiRoundTrip, KeepsAnEvalSpec) {
  expect_round_trip<wire::EvalSpec>(load("wire/eval_spec"));
}
TEST(ApiRoundTrip, KeepsAnEvalSummary) {
  expect_round_trip<wire::EvalSummary>(load("wire/eval_summary"));
}
TEST(ApiRoundTrip, KeepsAnEvalResult) {
  expect_round_trip<wire::EvalResult>(load("wire/eval_result"));
}

TEST(ApiRoundTrip, ReadsWhatTheExampleSays) {
  const auto parsed = api::ModelDeployment::parse(load("model_deployment"));
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const auto& canary = parsed->spec.strategy->canary;
  ASSERT_EQ(canary.steps.size(), 5u);
  EXPECT_EQ(canary.steps[0].set_canary_scale->replicas, 1);
  EXPECT_EQ(canary.steps[1].analysis->gates[0].name, "support-golden");
  EXPECT_EQ(canary.steps[2].set_weight, 5);
  EXPECT_EQ(*canary.steps[3].pause->duration, std::chrono::minutes(10));
  EXPECT_EQ(parsed->spec.progress_deadlines->load, std::chrono::minutes(90));
  EXPECT_EQ(parsed->spec.backend.pods.template_->tolerations[0].operator_, api::TolerationOperator::Equal);
  EXPECT_EQ(parsed->spec.backend.pods.engine.resources->requests.at("cpu"), "500m");
  const auto& status = *parsed->status;
  EXPECT_EQ(status.phase, api::Phase::Progressing);
  EXPECT_EQ(status.arms[1].load_state, api::LoadState::Servable);
  EXPECT_EQ(status.run->decision->verdict, api::Verdict::Failed);
  EXPECT_EQ(format_timestamp(status.run->started_at), "2026-11-21T08:58:30.250Z");
  EXPECT_EQ(status.candidate->changed, std::vector{api::Part::Prompt});
}

TEST(ApiRoundTrip, KeepsTheNumberOfAQuantityAsText) {
  const Json input = {{"requests", {{"cpu", 2}, {"memory", "1Gi"}}}};
  const auto parsed = api::Resources::parse(input);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->requests.at("cpu"), "2");
  EXPECT_EQ(parsed->requests.at("memory"), "1Gi");
}

TEST(ApiRoundTrip, WritesTheVersionOfAContractByItself) {
  EXPECT_EQ(wire::EvalSummary{}.to_json()["version"], "evalsummary/v1");
  EXPECT_EQ(wire::GatewayReport{}.to_json()["version"], "gatewayreport/v1");
}

TEST(ApiRoundTrip, NamesEveryEnumeratorAsTheApiDoes) {
  EXPECT_EQ(to_string(api::ScorerType::CharF1), "char-f1");
  EXPECT_EQ(to_string(api::EngineType::Llamacpp), "llamacpp");
  EXPECT_EQ(to_string(api::Phase::RollingBack), "RollingBack");
  api::ScorerType type{};
  ASSERT_TRUE(from_string("latency", type).ok());
  EXPECT_EQ(type, api::ScorerType::Latency);
}

}  // namespace
}  // namespace llmops
