// The one table of labels, annotations, condition types, reasons of decisions; more: reasons.hpp.
#pragma once

#include <string_view>

namespace llmops::names {

inline constexpr std::string_view kGroup = "llmops.dev";
inline constexpr std::string_view kApiVersion = "llmops.dev/v1alpha1";
inline constexpr std::string_view kManager = "llmops-operator";

// Labels.
inline constexpr std::string_view kManagedBy = "app.kubernetes.io/managed-by";
inline constexpr std::string_view kAppName = "app.kubernetes.io/name";
inline constexpr std::string_view kAppComponent = "app.kubernetes.io/component";
inline constexpr std::string_view kModelDeployment = "llmops.dev/model-deployment";
inline constexpr std::string_view kComponent =
    "llmops.dev/component";  // engine | gateway | evaluator | config | revision | run
inline constexpr std::string_view kServingHash = "llmops.dev/serving-hash";
inline constexpr std::string_view kRevisionHash = "llmops.dev/revision-hash";
inline constexpr std::string_view kRun = "llmops.dev/run";
inline constexpr std::string_view kEvalRun = "llmops.dev/eval-run";
inline constexpr std::string_view kCallsEndpoint = "llmops.dev/calls-endpoint";  // on an evaluator's pod

// Annotations.
inline constexpr std::string_view kContentDigest = "llmops.dev/content-digest";
inline constexpr std::string_view kHash = "llmops.dev/hash";                       // of a revision record
inline constexpr std::string_view kRecordServingHash = "llmops.dev/serving-hash";  // likewise, whole
inline constexpr std::string_view kPlanDigest = "llmops.dev/plan-digest";
inline constexpr std::string_view kGate = "llmops.dev/gate";
inline constexpr std::string_view kPromotedAt = "llmops.dev/promoted-at";
inline constexpr std::string_view kRejectedAt = "llmops.dev/rejected-at";
inline constexpr std::string_view kEndpoints = "llmops.dev/endpoints";  // that a gateway pod carries
inline constexpr std::string_view kCommand = "llmops.dev/command";

// Conditions.
inline constexpr std::string_view kReady = "Ready";
inline constexpr std::string_view kAvailable = "Available";
inline constexpr std::string_view kProgressing = "Progressing";
inline constexpr std::string_view kReferencesResolved = "ReferencesResolved";
inline constexpr std::string_view kCapacityAvailable = "CapacityAvailable";
inline constexpr std::string_view kCandidateServable = "CandidateServable";
inline constexpr std::string_view kTrafficVerified = "TrafficVerified";
inline constexpr std::string_view kPromptCompatible = "PromptCompatible";
inline constexpr std::string_view kRolledBack = "RolledBack";
inline constexpr std::string_view kReconciling = "Reconciling";
inline constexpr std::string_view kStalled = "Stalled";
inline constexpr std::string_view kRendered = "Rendered";
inline constexpr std::string_view kDecidable = "Decidable";
inline constexpr std::string_view kCompiled = "Compiled";

// Reasons of decisions.
inline constexpr std::string_view kReasonStepsPassed = "StepsPassed";
inline constexpr std::string_view kReasonFirstDeploy = "FirstDeploy";
inline constexpr std::string_view kReasonGateFailed = "GateFailed";
inline constexpr std::string_view kReasonGateInconclusive = "GateInconclusive";
inline constexpr std::string_view kReasonFailedToLoad = "FailedToLoad";
inline constexpr std::string_view kReasonDeadlineExceeded = "DeadlineExceeded";
inline constexpr std::string_view kReasonSuperseded = "Superseded";
inline constexpr std::string_view kReasonSpecReturnedToStable = "SpecReturnedToStable";
inline constexpr std::string_view kReasonGuardrailsFirst = "GuardrailsFirst";
inline constexpr std::string_view kReasonAborted = "Aborted";
inline constexpr std::string_view kReasonRollbackRequested = "RollbackRequested";
inline constexpr std::string_view kReasonPromotedByPerson = "PromotedByPerson";
inline constexpr std::string_view kReasonRejectedBefore = "RejectedBefore";

// Reasons of pauses.
inline constexpr std::string_view kPauseStep = "PauseStep";
inline constexpr std::string_view kPauseCommand = "PauseCommand";
inline constexpr std::string_view kPauseInconclusive = "InconclusiveAnalysis";
inline constexpr std::string_view kPauseAnalysisError = "AnalysisError";

}  // namespace llmops::names
