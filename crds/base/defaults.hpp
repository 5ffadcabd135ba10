// The one table of defaults: what holds when a user leaves a field out. The CRDs have no `default:`, because
// the API server would show a new one in old objects as if their users had written it; their descriptions
// tell the same values, and a test holds the two together. Named after the fields.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "crds/base/time.hpp"

namespace llmops::defaults {

using namespace std::chrono_literals;

// Prompts.
inline constexpr std::int64_t kVariableMaxBytes = 8192;
inline constexpr std::string_view kClientSystemMessages = "Append";
inline constexpr std::string_view kTemplateFormat = "jinja";
inline constexpr std::string_view kFewShotSelection = "All";
inline constexpr std::string_view kResponseName = "answer";
inline constexpr std::string_view kResponseEnforcement = "Pass";

// Guardrails. Stages: input and output.
inline constexpr std::string_view kGuardrailMode = "Enforce";
inline constexpr std::string_view kGuardrailUpdate = "Gated";
inline constexpr std::string_view kGuardrailFailMode = "Closed";
inline constexpr std::int64_t kMaxMatchBytes = 256;
inline constexpr double kPiiMinConfidence = 0.5;
inline constexpr double kSecretsMinEntropyBits = 3.5;
inline constexpr bool kGuardrailMatchCase = false;
inline constexpr bool kGuardrailWholeWords = false;
inline constexpr std::string_view kInjectionSensitivity = "Medium";
inline constexpr bool kInjectionCanary = false;
inline constexpr std::int64_t kSystemPromptLeakMinWords = 8;
inline constexpr double kLanguageMinShare = 0.7;
inline constexpr double kDetectorThreshold = 0.5;
inline constexpr Duration kDetectorTimeout = 500ms;

// ModelDeployment. servedModelName and gateway.serviceName default to metadata.name.
inline constexpr std::int64_t kEnginePort = 8080;
inline constexpr std::int64_t kGatewayReplicas = 2;
inline constexpr std::string_view kGatewayCpuRequest = "50m";
inline constexpr std::string_view kGatewayMemoryRequest = "32Mi";
inline constexpr Duration kBakeDuration = 10min;
inline constexpr std::int64_t kHoldbackWeight = 0;
inline constexpr Duration kAbortScaleDownDelay = 30s;
inline constexpr std::string_view kOnInconclusive = "Pause";
inline constexpr std::string_view kCapacityPolicyType = "Surge";
inline constexpr std::string_view kOnAbort = "Shed";
inline constexpr std::array<std::string_view, 3> kStickinessBy{"header:x-conversation-id", "body:user",
                                                               "first-user-message"};
inline constexpr Duration kProvisionDeadline = 30min;
inline constexpr Duration kLoadDeadline = 30min;
inline constexpr std::int64_t kRevisionHistoryLimit = 10;
inline constexpr std::int64_t kAttempt = 1;
inline constexpr bool kPaused = false;
inline constexpr std::string_view kOnNewRevision = "Auto";
inline constexpr std::string_view kTolerationOperator = "Equal";

inline constexpr bool kDryRun = false;  // of any gate

// Offline evaluation.
inline constexpr std::string_view kDatasetKey = "dataset.jsonl";
inline constexpr double kMaxUnscoredFraction = 0.02;
inline constexpr std::int64_t kConcurrency = 4;
inline constexpr Duration kEvaluationRequestTimeout = 30s;
inline constexpr Duration kEvaluationTimeout = 30min;
inline constexpr std::int64_t kMaxTokens = 256;
inline constexpr double kNonInferiorityAlpha = 0.05;
inline constexpr bool kIgnoreCase = false;

// Live evaluation.
inline constexpr Duration kLiveObserveFor = 10min;
inline constexpr Duration kLiveGiveUpAfter = 2h;
inline constexpr std::int64_t kLiveMinConversations = 50;
inline constexpr double kLiveAlpha = 0.05;
inline constexpr double kLiveQuantile = 0.95;
inline constexpr double kLiveQuantityMargin = 0.1;  // of ttft, latency, tokens and cost
inline constexpr std::string_view kLiveRequire = "NoHarm";

// Queries to a Prometheus.
inline constexpr std::int64_t kQueryCount = 1;
inline constexpr std::int64_t kFailureLimit = 0;
inline constexpr std::int64_t kInconclusiveLimit = 0;
inline constexpr std::int64_t kConsecutiveErrorLimit = 4;

// gatewayconfig/v1.
inline constexpr Duration kEngineRequestTimeout = 10min;

}  // namespace llmops::defaults
