// What is wrong is told by field path, by what was found and by what is allowed.
#include <gtest/gtest.h>

#include "crds/api/eval_gate.hpp"
#include "crds/api/model_deployment.hpp"
#include "crds/api/prompt_version.hpp"
#include "crds/wire/eval_summary.hpp"
#include "crds/wire/gateway_config.hpp"
#include "crds/wire/gateway_report.hpp"
#include "load.hpp"

namespace llmops {
namespace {

using test::load;

// The message for the example with `value` at `pointer`; a null value removes the member.
template <class T>
std::string message_with(const std::string& example, const std::string& pointer, const Json& value) {
  Json document = load(example);
  const Json::json_pointer at(pointer);
  if (value.is_null())
    document.at(at.parent_pointer()).erase(at.back());
  else
    document[at] = value;
  const auto parsed = T::parse(document);
  if (parsed.ok()) return "accepted";
  EXPECT_EQ(parsed.error().code, ErrorCode::InvalidArgument);
  return parsed.error().message;
}

std::string deployment_with(const std::string& pointer, const Json& value) {
  return message_with<api::ModelDeployment>("model_deployment", pointer, value);
}
std::string gate_with(const std::string& pointer, const Json& value) {
  return message_with<api::EvalGate>("eval_gate", pointer, value);
}

TEST(ApiErrors, AnUnknownEnumValueListsTheAllowedOnes) {
  EXPECT_EQ(deployment_with("/spec/strategy/canary/onInconclusive", "Wait"),
            "spec.strategy.canary.onInconclusive: found \"Wait\", allowed Pause, Rollback or Proceed");
  EXPECT_EQ(deployment_with("/spec/backend/pods/engine/type", "vllm"),
            "spec.backend.pods.engine.type: found \"vllm\", allowed llamacpp");
}

TEST(ApiErrors, AnEnumOfAnotherTypeIsNotText) {
  EXPECT_EQ(deployment_with("/status/phase", 3), "status.phase: found 3, allowed a string");
}

TEST(ApiErrors, AMissingRequiredFieldIsNamed) {
  EXPECT_EQ(deployment_with("/spec/backend", {}),
            "spec.backend: found nothing, allowed an object (required)");
  EXPECT_EQ(deployment_with("/spec/replicas", {}),
            "spec.replicas: found nothing, allowed an integer (required)");
  EXPECT_EQ(deployment_with("/spec", {}), "spec: found nothing, allowed an object (required)");
  EXPECT_EQ(deployment_with("/status/arms/1/hash", {}),
            "status.arms[1].hash: found nothing, allowed a string (required)");
}

TEST(ApiErrors, AWrongTypeSaysWhatWasFound) {
  EXPECT_EQ(deployment_with("/spec/replicas", "four"), "spec.replicas: found \"four\", allowed an integer");
  EXPECT_EQ(deployment_with("/spec/replicas", 1.5), "spec.replicas: found 1.5, allowed an integer");
  EXPECT_EQ(deployment_with("/spec/servedModelName", 7), "spec.servedModelName: found 7, allowed a string");
  EXPECT_EQ(deployment_with("/spec/strategy", Json::array()),
            "spec.strategy: found a list, allowed an object");
  EXPECT_EQ(deployment_with("/spec/strategy/canary/steps", "none"),
            "spec.strategy.canary.steps: found \"none\", allowed a list");
  EXPECT_EQ(deployment_with("/spec/backend/pods/engine/args/1", true),
            "spec.backend.pods.engine.args[1]: found true, allowed a string");
  EXPECT_EQ(deployment_with("/status/run/firstDeploy", "yes"),
            "status.run.firstDeploy: found \"yes\", allowed true or false");
  EXPECT_EQ(deployment_with("/spec/backend/pods/template/nodeSelector", "gpu"),
            "spec.backend.pods.template.nodeSelector: found \"gpu\", allowed an object");
  EXPECT_EQ(gate_with("/spec/offline/metrics/0/objective/min", "high"),
            "spec.offline.metrics[0].objective.min: found \"high\", allowed a number");
}

TEST(ApiErrors, AnObjectThatIsNoneIsNamed) {
  const auto parsed = api::ModelDeployment::parse(Json::array());
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().message, "document: found a list, allowed an object");
}

TEST(ApiErrors, ANumberOutOfRangeNamesTheBounds) {
  EXPECT_EQ(deployment_with("/spec/strategy/canary/steps/2/setWeight", 101),
            "spec.strategy.canary.steps[2].setWeight: found 101, allowed at least 0 and at most 100");
  EXPECT_EQ(deployment_with("/spec/replicas", 0),
            "spec.replicas: found 0, allowed at least 1 and at most 1000");
  EXPECT_EQ(deployment_with("/spec/backend/pods/engine/port", 80),
            "spec.backend.pods.engine.port: found 80, allowed at least 1024 and at most 65535");
  EXPECT_EQ(
      gate_with("/spec/offline/metrics/0/nonInferiority/alpha", 0.5),
      "spec.offline.metrics[0].nonInferiority.alpha: found 0.5, allowed at least 0.001 and at most 0.2");
}

TEST(ApiErrors, AnExclusiveBoundIsToldAsOne) {
  EXPECT_EQ(
      gate_with("/spec/offline/metrics/0/nonInferiority/margin", 0),
      "spec.offline.metrics[0].nonInferiority.margin: found 0, allowed more than 0 and at most 1000000000");
}

TEST(ApiErrors, AnIntegerBeyond64BitsIsRefused) {
  EXPECT_EQ(deployment_with("/status/epoch", 18446744073709551615ull),
            "status.epoch: found 18446744073709551615, allowed an integer of 64 bits");
}

TEST(ApiErrors, ABadDurationShowsGoodOnes) {
  EXPECT_EQ(
      deployment_with("/spec/strategy/canary/bake/duration", "ten minutes"),
      "spec.strategy.canary.bake.duration: found \"ten minutes\", allowed a duration such as 500ms, 30s, "
      "10m or 1h30m");
  EXPECT_EQ(
      deployment_with("/spec/strategy/canary/bake/duration", 600),
      "spec.strategy.canary.bake.duration: found 600, allowed a duration such as 500ms, 30s, 10m or 1h30m");
}

TEST(ApiErrors, ABadTimeShowsAGoodOne) {
  EXPECT_EQ(deployment_with("/status/bakeUntil", "yesterday"),
            "status.bakeUntil: found \"yesterday\", allowed an RFC 3339 time such as 2026-11-21T09:00:00Z");
}

TEST(ApiErrors, TooLongTextsAndListsNameTheirBound) {
  EXPECT_EQ(deployment_with("/spec/servedModelName", std::string(64, 'a')),
            "spec.servedModelName: found 64 characters, allowed at most 63");
  EXPECT_EQ(deployment_with("/spec/strategy/canary/steps", Json(21, Json{{"setWeight", 5}})),
            "spec.strategy.canary.steps: found 21 items, allowed at most 20");
  EXPECT_EQ(deployment_with("/spec/strategy/canary/steps", Json::array()),
            "spec.strategy.canary.steps: found 0 items, allowed at least 1");
  EXPECT_EQ(deployment_with("/spec/backend/pods/engine/args/0", std::string(1025, 'a')),
            "spec.backend.pods.engine.args[0]: found 1025 characters, allowed at most 1024");
  Json labels = Json::object();
  for (int i = 0; i < 33; ++i) labels["label" + std::to_string(i)] = "x";
  EXPECT_EQ(deployment_with("/spec/backend/pods/template/nodeSelector", labels),
            "spec.backend.pods.template.nodeSelector: found 33 entries, allowed at most 32");
}

TEST(ApiErrors, AMapNamesTheEntry) {
  EXPECT_EQ(message_with<api::PromptVersion>("prompt_version", "/spec/variables/shop/maxBytes", 0),
            "spec.variables.shop.maxBytes: found 0, allowed at least 1 and at most 1048576");
}

TEST(ApiErrors, AnotherVersionOfAContractIsRefused) {
  EXPECT_EQ(message_with<wire::GatewayConfig>("wire/gateway_config", "/version", "gatewayconfig/v2"),
            "version: found \"gatewayconfig/v2\", allowed \"gatewayconfig/v1\"");
}

TEST(ApiErrors, NestedMapsNameEachKey) {
  EXPECT_EQ(message_with<wire::GatewayReport>("wire/gateway_report", "/slots/0/arms",
                                              {{"b81d", {{"error", {{"trials", -1}, {"events", 0}}}}}}),
            "slots[0].arms.b81d.error.trials: found -1, allowed at least 0");
}

TEST(ApiErrors, ASharedTypeIsCheckedInAContractToo) {
  EXPECT_EQ(message_with<wire::EvalSummary>("wire/eval_summary", "/metrics/0/verdict", "Good"),
            "metrics[0].verdict: found \"Good\", allowed Successful, Failed, Inconclusive or Error");
}

TEST(ApiErrors, APathOfTheCallerComesFirst) {
  const FieldPath root;
  const FieldPath path = root.member("items");
  const auto parsed = api::LocalReference::parse(Json::object(), path);
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().message, "items.name: found nothing, allowed a string (required)");
}

}  // namespace
}  // namespace llmops
