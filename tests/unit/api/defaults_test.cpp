// The defaults that the descriptions tell are the ones of the table.
#include "crds/base/defaults.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "load.hpp"

namespace llmops {
namespace {

using test::load;

// Every "Default: …" that a description of the schema tells, by field path. Lists are transparent.
void collect(const Json& schema, const std::string& path, std::map<std::string, std::string>& out) {
  if (!schema.is_object()) return;
  const std::string description = schema.value("description", "");
  const auto at = description.find("Default: ");
  if (at != std::string::npos) {
    auto end = description.find(". ", at);
    if (end == std::string::npos) end = description.size() - (description.ends_with('.') ? 1 : 0);
    out[path] = description.substr(at + 9, end - at - 9);
  }
  if (schema.contains("properties"))
    for (const auto& [name, property] : schema["properties"].items())
      collect(property, path.empty() ? name : path + "." + name, out);
  for (const char* inner : {"items", "additionalProperties"})
    if (schema.contains(inner)) collect(schema[inner], path, out);
}

std::map<std::string, std::string> told_by_crd(const std::string& name) {
  std::map<std::string, std::string> out;
  const Json crd = load("crds/llmops.dev_" + name);
  if (crd.is_object()) collect(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"], "", out);
  return out;
}

std::string number(double value) {
  return Json(value).dump();
}

// Of the content of a prompt, wherever it stands.
std::map<std::string, std::string> prompt_defaults(const std::string& at) {
  using namespace defaults;
  return {{at + "clientSystemMessages", std::string(kClientSystemMessages)},
          {at + "variables.maxBytes", std::to_string(kVariableMaxBytes)},
          {at + "template.format", std::string(kTemplateFormat)},
          {at + "fewShot.select", std::string(kFewShotSelection)},
          {at + "responseFormat.name", std::string(kResponseName)},
          {at + "responseFormat.strict", "the engine's own"},
          {at + "responseFormat.enforce", std::string(kResponseEnforcement)}};
}

std::map<std::string, std::string> offline_defaults() {
  using namespace defaults;
  const std::string at = "spec.offline.";
  return {{at + "dataset.configMapRef.key", std::string(kDatasetKey)},
          {at + "metrics.scorer.ignoreCase", kIgnoreCase ? "true" : "false"},
          {at + "metrics.nonInferiority.alpha", number(kNonInferiorityAlpha)},
          {at + "maxUnscoredFraction", number(kMaxUnscoredFraction)},
          {at + "concurrency", std::to_string(kConcurrency)},
          {at + "requestTimeout", format_duration(kEvaluationRequestTimeout)},
          {at + "timeout", format_duration(kEvaluationTimeout)},
          {at + "maxTokens", std::to_string(kMaxTokens)},
          {at + "maxItems", "all of them"}};
}

TEST(ApiDefaults, OfAModelDeploymentAreTold) {
  using namespace defaults;
  const std::string canary = "spec.strategy.canary.";
  std::string stickiness;
  for (const auto key : kStickinessBy)
    stickiness.append(stickiness.empty() ? "[\"" : ", \"").append(key).append("\"");
  std::map<std::string, std::string> table = {
      {"spec.servedModelName", "metadata.name"},
      {"spec.backend.pods.engine.port", std::to_string(kEnginePort)},
      {"spec.backend.pods.engine.resources", "none are set"},
      {"spec.backend.pods.template.tolerations.operator", std::string(kTolerationOperator)},
      {"spec.guardrailRefs.update", std::string(kGuardrailUpdate)},
      {"spec.gateway.replicas", std::to_string(kGatewayReplicas)},
      {"spec.gateway.serviceName", "metadata.name"},
      {"spec.gateway.resources", "requests of " + std::string(kGatewayCpuRequest) + " CPU and " +
                                     std::string(kGatewayMemoryRequest) + " memory"},
      {canary + "bake.duration", format_duration(kBakeDuration)},
      {canary + "bake.holdbackWeight", std::to_string(kHoldbackWeight)},
      {"spec.strategy.when.canary.bake.holdbackWeight", std::to_string(kHoldbackWeight)},
      {canary + "abortScaleDownDelay", format_duration(kAbortScaleDownDelay)},
      {canary + "onInconclusive", std::string(kOnInconclusive)},
      {canary + "capacityPolicy.type", std::string(kCapacityPolicyType)},
      {canary + "capacityPolicy.onAbort", std::string(kOnAbort)},
      {canary + "stickiness.by", stickiness + "]"},
      {canary + "analysis.startingStep", "the first step with a weight above 0"},
      {"spec.strategy.when.canary.analysis.startingStep", "the first step with a weight above 0"},
      {"spec.progressDeadlines.provision", format_duration(kProvisionDeadline)},
      {"spec.progressDeadlines.load", format_duration(kLoadDeadline)},
      {"spec.strategy.when.canary.abortScaleDownDelay", format_duration(kAbortScaleDownDelay)},
      {"spec.strategy.when.canary.bake.duration", format_duration(kBakeDuration)},
      {"spec.strategy.when.canary.capacityPolicy.type", std::string(kCapacityPolicyType)},
      {"spec.strategy.when.canary.capacityPolicy.onAbort", std::string(kOnAbort)},
      {"spec.strategy.when.canary.onInconclusive", std::string(kOnInconclusive)},
      {"spec.strategy.onNewRevision", std::string(kOnNewRevision)},
      {"spec.attempt", std::to_string(kAttempt)},
      {"spec.paused", kPaused ? "true" : "false"},
      {"spec.revisionHistoryLimit", std::to_string(kRevisionHistoryLimit)}};
  table.merge(prompt_defaults("spec.prompt."));
  EXPECT_THAT(told_by_crd("modeldeployments"), ::testing::ContainerEq(table));
}

TEST(ApiDefaults, OfAPromptVersionAreTold) {
  EXPECT_THAT(told_by_crd("promptversions"), ::testing::ContainerEq(prompt_defaults("spec.")));
}

TEST(ApiDefaults, OfAGuardrailAreTold) {
  using namespace defaults;
  const std::string rules = "spec.rules.";
  const auto yes_or_no = [](bool value) { return std::string(value ? "true" : "false"); };
  const std::map<std::string, std::string> table = {
      {"spec.mode", std::string(kGuardrailMode)},
      {"spec.maxMatchBytes", std::to_string(kMaxMatchBytes)},
      {rules + "stages", "input and output"},
      {rules + "failMode", std::string(kGuardrailFailMode)},
      {rules + "pii.entities", "all of them"},
      {rules + "pii.minConfidence", number(kPiiMinConfidence)},
      {rules + "secrets.minEntropyBits", number(kSecretsMinEntropyBits)},
      {rules + "words.matchCase", yes_or_no(kGuardrailMatchCase)},
      {rules + "words.wholeWords", yes_or_no(kGuardrailWholeWords)},
      {rules + "regex.ignoreCase", yes_or_no(kIgnoreCase)},
      {rules + "injection.sensitivity", std::string(kInjectionSensitivity)},
      {rules + "injection.canary", yes_or_no(kInjectionCanary)},
      {rules + "systemPromptLeak.minWords", std::to_string(kSystemPromptLeakMinWords)},
      {rules + "language.minShare", number(kLanguageMinShare)},
      {rules + "detector.threshold", number(kDetectorThreshold)},
      {rules + "detector.timeout", format_duration(kDetectorTimeout)}};
  EXPECT_THAT(told_by_crd("guardrails"), ::testing::ContainerEq(table));
}

std::map<std::string, std::string> live_defaults() {
  using namespace defaults;
  const std::string at = "spec.live.";
  return {{at + "metrics.margin", "not at all; for ttft, latency, tokens and cost 10 % (relative " +
                                      number(kLiveQuantityMargin) + ")"},
          {at + "metrics.require", std::string(kLiveRequire)},
          {at + "metrics.quantile", number(kLiveQuantile)},
          {at + "metrics.initialDelay", "none"},
          {at + "observeFor", format_duration(kLiveObserveFor)},
          {at + "minConversations", std::to_string(kLiveMinConversations)},
          {at + "giveUpAfter", format_duration(kLiveGiveUpAfter) + ", and at least observeFor"},
          {at + "statistics.alpha", number(kLiveAlpha)}};
}

std::map<std::string, std::string> prometheus_defaults() {
  using namespace defaults;
  const std::string at = "spec.prometheus.metrics.";
  return {{at + "initialDelay", "none"},
          {at + "count", std::to_string(kQueryCount)},
          {at + "failureLimit", std::to_string(kFailureLimit)},
          {at + "inconclusiveLimit", std::to_string(kInconclusiveLimit)},
          {at + "consecutiveErrorLimit", std::to_string(kConsecutiveErrorLimit)}};
}

TEST(ApiDefaults, OfAnEvaluationAreTold) {
  auto table = offline_defaults();
  table.merge(prometheus_defaults());
  table.merge(live_defaults());
  EXPECT_THAT(told_by_crd("evalruns"), ::testing::ContainerEq(table));
  table["spec.dryRun"] = defaults::kDryRun ? "true" : "false";
  EXPECT_THAT(told_by_crd("evalgates"), ::testing::ContainerEq(table));
}

TEST(ApiDefaults, OfAGatewayConfigAreTold) {
  std::map<std::string, std::string> told;
  collect(load("crds/gateway_config"), "", told);
  const std::map<std::string, std::string> table = {
      {"models.requestTimeout", format_duration(defaults::kEngineRequestTimeout)}};
  EXPECT_THAT(told, ::testing::ContainerEq(table));
}

}  // namespace
}  // namespace llmops
