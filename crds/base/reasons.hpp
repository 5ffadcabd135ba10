// The one table of the reasons of conditions and events. docs/operations.md says for each what to do; a test
// holds the two together, and the simulation accepts no other reason in a status or an event.
#pragma once

#include <array>
#include <string_view>

namespace llmops::reasons {

// Of conditions of a ModelDeployment.
inline constexpr std::string_view kUsersServed = "UsersServed";
inline constexpr std::string_view kNotServing = "NotServing";
inline constexpr std::string_view kDesiredIsStable = "DesiredIsStable";
inline constexpr std::string_view kRejected = "Rejected";
inline constexpr std::string_view kHeld = "Held";
inline constexpr std::string_view kNotYet = "NotYet";
inline constexpr std::string_view kBlocked = "Blocked";
inline constexpr std::string_view kReleaseRunning = "ReleaseRunning";
inline constexpr std::string_view kSettled = "Settled";
inline constexpr std::string_view kResolved = "Resolved";
inline constexpr std::string_view kReferenceProblem = "ReferenceProblem";
inline constexpr std::string_view kNameConflict = "NameConflict";
inline constexpr std::string_view kCompatible = "Compatible";
inline constexpr std::string_view kIncompatible = "Incompatible";
inline constexpr std::string_view kCapacityIsThere = "Available";
inline constexpr std::string_view kCapacityMissing = "CapacityMissing";
inline constexpr std::string_view kServable = "Servable";
inline constexpr std::string_view kNotServable = "NotServable";
inline constexpr std::string_view kNoCandidate = "NoCandidate";
inline constexpr std::string_view kAcknowledged = "Acknowledged";
inline constexpr std::string_view kUnverified = "Unverified";
inline constexpr std::string_view kNotRolledBack = "NotRolledBack";
inline constexpr std::string_view kWorking = "Working";
inline constexpr std::string_view kNeedsChange = "NeedsChange";
inline constexpr std::string_view kNotStalled = "NotStalled";

// Of a PromptVersion, a Guardrail, an EvalGate.
inline constexpr std::string_view kTemplatesRead = "TemplatesRead";
inline constexpr std::string_view kTemplateInvalid = "TemplateInvalid";
inline constexpr std::string_view kRulesRead = "RulesRead";
inline constexpr std::string_view kRuleInvalid = "RuleInvalid";
inline constexpr std::string_view kDecidable = "Decidable";
inline constexpr std::string_view kDatasetNotFound = "DatasetNotFound";
inline constexpr std::string_view kDatasetKeyNotFound = "DatasetKeyNotFound";
inline constexpr std::string_view kDatasetInvalid = "DatasetInvalid";
inline constexpr std::string_view kScorerInvalid = "ScorerInvalid";
inline constexpr std::string_view kMarginUnreachable = "MarginUnreachable";
inline constexpr std::string_view kObjectiveUnreachable = "ObjectiveUnreachable";
inline constexpr std::string_view kNothingFails = "NothingFails";
inline constexpr std::string_view kQueryInvalid = "QueryInvalid";
inline constexpr std::string_view kConditionInvalid = "ConditionInvalid";
inline constexpr std::string_view kTakesTooLong = "TakesTooLong";

// Of an EvalRun; a verdict is its own reason.
inline constexpr std::string_view kRunning = "Running";
inline constexpr std::string_view kSuccessful = "Successful";
inline constexpr std::string_view kFailed = "Failed";
inline constexpr std::string_view kInconclusive = "Inconclusive";
inline constexpr std::string_view kError = "Error";
inline constexpr std::string_view kDatasetMissing = "DatasetMissing";
inline constexpr std::string_view kDatasetChanged = "DatasetChanged";
inline constexpr std::string_view kForbidden = "Forbidden";
inline constexpr std::string_view kInvalid = "Invalid";
inline constexpr std::string_view kEvaluatorFailed = "EvaluatorFailed";
inline constexpr std::string_view kMessageLost = "MessageLost";
inline constexpr std::string_view kJobFailed = "JobFailed";
inline constexpr std::string_view kJobGone = "JobGone";
inline constexpr std::string_view kDeadlineExceeded = "DeadlineExceeded";

// Of events of a ModelDeployment.
inline constexpr std::string_view kReleaseStarted = "ReleaseStarted";
inline constexpr std::string_view kStepCompleted = "StepCompleted";
inline constexpr std::string_view kTrafficWeightUpdated = "TrafficWeightUpdated";
inline constexpr std::string_view kAnalysisRetried = "AnalysisRetried";
inline constexpr std::string_view kReleasePaused = "ReleasePaused";
inline constexpr std::string_view kReleaseDecided = "ReleaseDecided";
inline constexpr std::string_view kReleasePromoted = "ReleasePromoted";
inline constexpr std::string_view kReleaseRejected = "ReleaseRejected";
inline constexpr std::string_view kReleaseStepsAside = "ReleaseStepsAside";
inline constexpr std::string_view kReleaseSuperseded = "ReleaseSuperseded";
inline constexpr std::string_view kReleaseEnded = "ReleaseEnded";
inline constexpr std::string_view kRolledBack = "RolledBack";
inline constexpr std::string_view kBakeEnded = "BakeEnded";
inline constexpr std::string_view kReturnedToPreviousStable = "ReturnedToPreviousStable";
inline constexpr std::string_view kWarmPodsReleased = "WarmPodsReleased";
inline constexpr std::string_view kGuardrailsSwapped = "GuardrailsSwapped";
inline constexpr std::string_view kStatusRestored = "StatusRestored";
inline constexpr std::string_view kCommandAccepted = "CommandAccepted";
inline constexpr std::string_view kCommandRefused = "CommandRefused";
inline constexpr std::string_view kHoldLifted = "HoldLifted";
inline constexpr std::string_view kDegraded = "Degraded";
inline constexpr std::string_view kHealthy = "Healthy";

struct Condition {
  std::string_view kind, type, status, reason;
  bool operator==(const Condition&) const = default;
};

inline constexpr std::array kConditions{
    Condition{"ModelDeployment", "Available", "True", kUsersServed},
    Condition{"ModelDeployment", "Available", "False", kNotServing},
    Condition{"ModelDeployment", "Ready", "True", kDesiredIsStable},
    Condition{"ModelDeployment", "Ready", "False", kRejected},
    Condition{"ModelDeployment", "Ready", "False", kHeld},
    Condition{"ModelDeployment", "Ready", "False", kBlocked},
    Condition{"ModelDeployment", "Ready", "False", kNotYet},
    Condition{"ModelDeployment", "Progressing", "True", kReleaseRunning},
    Condition{"ModelDeployment", "Progressing", "False", kRejected},
    Condition{"ModelDeployment", "Progressing", "False", kSettled},
    Condition{"ModelDeployment", "ReferencesResolved", "True", kResolved},
    Condition{"ModelDeployment", "ReferencesResolved", "False", kReferenceProblem},
    Condition{"ModelDeployment", "ReferencesResolved", "False", kNameConflict},
    Condition{"ModelDeployment", "PromptCompatible", "True", kCompatible},
    Condition{"ModelDeployment", "PromptCompatible", "False", kIncompatible},
    Condition{"ModelDeployment", "CapacityAvailable", "True", kCapacityIsThere},
    Condition{"ModelDeployment", "CapacityAvailable", "False", kCapacityMissing},
    Condition{"ModelDeployment", "CandidateServable", "True", kServable},
    Condition{"ModelDeployment", "CandidateServable", "False", kNotServable},
    Condition{"ModelDeployment", "CandidateServable", "False", kNoCandidate},
    Condition{"ModelDeployment", "TrafficVerified", "True", kAcknowledged},
    Condition{"ModelDeployment", "TrafficVerified", "False", kUnverified},
    Condition{"ModelDeployment", "RolledBack", "True", kRejected},
    Condition{"ModelDeployment", "RolledBack", "False", kNotRolledBack},
    Condition{"ModelDeployment", "Reconciling", "True", kWorking},
    Condition{"ModelDeployment", "Reconciling", "False", kSettled},
    Condition{"ModelDeployment", "Stalled", "True", kNeedsChange},
    Condition{"ModelDeployment", "Stalled", "False", kNotStalled},
    Condition{"PromptVersion", "Rendered", "True", kTemplatesRead},
    Condition{"PromptVersion", "Rendered", "False", kTemplateInvalid},
    Condition{"PromptVersion", "Ready", "True", kTemplatesRead},
    Condition{"PromptVersion", "Reconciling", "False", kTemplatesRead},
    Condition{"PromptVersion", "Stalled", "False", kTemplatesRead},
    Condition{"PromptVersion", "Ready", "False", kTemplateInvalid},
    Condition{"PromptVersion", "Reconciling", "False", kTemplateInvalid},
    Condition{"PromptVersion", "Stalled", "True", kTemplateInvalid},
    Condition{"Guardrail", "Compiled", "True", kRulesRead},
    Condition{"Guardrail", "Compiled", "False", kRuleInvalid},
    Condition{"Guardrail", "Ready", "True", kRulesRead},
    Condition{"Guardrail", "Reconciling", "False", kRulesRead},
    Condition{"Guardrail", "Stalled", "False", kRulesRead},
    Condition{"Guardrail", "Ready", "False", kRuleInvalid},
    Condition{"Guardrail", "Reconciling", "False", kRuleInvalid},
    Condition{"Guardrail", "Stalled", "True", kRuleInvalid},
    Condition{"EvalGate", "Decidable", "True", kDecidable},
    Condition{"EvalGate", "Decidable", "False", kDatasetNotFound},
    Condition{"EvalGate", "Decidable", "False", kDatasetKeyNotFound},
    Condition{"EvalGate", "Decidable", "False", kDatasetInvalid},
    Condition{"EvalGate", "Decidable", "False", kScorerInvalid},
    Condition{"EvalGate", "Decidable", "False", kMarginUnreachable},
    Condition{"EvalGate", "Decidable", "False", kObjectiveUnreachable},
    Condition{"EvalGate", "Decidable", "False", kNothingFails},
    Condition{"EvalGate", "Decidable", "False", kQueryInvalid},
    Condition{"EvalGate", "Decidable", "False", kConditionInvalid},
    Condition{"EvalGate", "Decidable", "False", kTakesTooLong},
    Condition{"EvalGate", "Ready", "True", kDecidable},
    Condition{"EvalGate", "Reconciling", "False", kDecidable},
    Condition{"EvalGate", "Stalled", "False", kDecidable},
    Condition{"EvalGate", "Ready", "False", kDatasetNotFound},
    Condition{"EvalGate", "Reconciling", "True", kDatasetNotFound},
    Condition{"EvalGate", "Stalled", "False", kDatasetNotFound},
    Condition{"EvalGate", "Ready", "False", kDatasetKeyNotFound},
    Condition{"EvalGate", "Reconciling", "False", kDatasetKeyNotFound},
    Condition{"EvalGate", "Stalled", "True", kDatasetKeyNotFound},
    Condition{"EvalGate", "Ready", "False", kDatasetInvalid},
    Condition{"EvalGate", "Reconciling", "False", kDatasetInvalid},
    Condition{"EvalGate", "Stalled", "True", kDatasetInvalid},
    Condition{"EvalGate", "Ready", "False", kScorerInvalid},
    Condition{"EvalGate", "Reconciling", "False", kScorerInvalid},
    Condition{"EvalGate", "Stalled", "True", kScorerInvalid},
    Condition{"EvalGate", "Ready", "False", kMarginUnreachable},
    Condition{"EvalGate", "Reconciling", "False", kMarginUnreachable},
    Condition{"EvalGate", "Stalled", "True", kMarginUnreachable},
    Condition{"EvalGate", "Ready", "False", kObjectiveUnreachable},
    Condition{"EvalGate", "Reconciling", "False", kObjectiveUnreachable},
    Condition{"EvalGate", "Stalled", "True", kObjectiveUnreachable},
    Condition{"EvalGate", "Ready", "False", kNothingFails},
    Condition{"EvalGate", "Reconciling", "False", kNothingFails},
    Condition{"EvalGate", "Stalled", "True", kNothingFails},
    Condition{"EvalGate", "Ready", "False", kQueryInvalid},
    Condition{"EvalGate", "Reconciling", "False", kQueryInvalid},
    Condition{"EvalGate", "Stalled", "True", kQueryInvalid},
    Condition{"EvalGate", "Ready", "False", kConditionInvalid},
    Condition{"EvalGate", "Reconciling", "False", kConditionInvalid},
    Condition{"EvalGate", "Stalled", "True", kConditionInvalid},
    Condition{"EvalGate", "Ready", "False", kTakesTooLong},
    Condition{"EvalGate", "Reconciling", "False", kTakesTooLong},
    Condition{"EvalGate", "Stalled", "True", kTakesTooLong},
    Condition{"EvalRun", "Complete", "False", kRunning},
    Condition{"EvalRun", "Complete", "True", kSuccessful},
    Condition{"EvalRun", "Complete", "True", kFailed},
    Condition{"EvalRun", "Complete", "True", kInconclusive},
    Condition{"EvalRun", "Complete", "True", kError},
    Condition{"EvalRun", "Complete", "True", kDatasetMissing},
    Condition{"EvalRun", "Complete", "True", kDatasetChanged},
    Condition{"EvalRun", "Complete", "True", kNameConflict},
    Condition{"EvalRun", "Complete", "True", kForbidden},
    Condition{"EvalRun", "Complete", "True", kInvalid},
    Condition{"EvalRun", "Complete", "True", kEvaluatorFailed},
    Condition{"EvalRun", "Complete", "True", kMessageLost},
    Condition{"EvalRun", "Complete", "True", kJobFailed},
    Condition{"EvalRun", "Complete", "True", kJobGone},
    Condition{"EvalRun", "Complete", "True", kDeadlineExceeded},
};

struct Event {
  std::string_view kind, type, reason;
  bool operator==(const Event&) const = default;
};

inline constexpr std::array kEvents{
    Event{"ModelDeployment", "Normal", kReleaseStarted},
    Event{"ModelDeployment", "Normal", kStepCompleted},
    Event{"ModelDeployment", "Normal", kTrafficWeightUpdated},
    Event{"ModelDeployment", "Warning", kAnalysisRetried},
    Event{"ModelDeployment", "Warning", kReleasePaused},
    Event{"ModelDeployment", "Normal", kReleaseDecided},
    Event{"ModelDeployment", "Normal", kReleasePromoted},
    Event{"ModelDeployment", "Warning", kReleaseRejected},
    Event{"ModelDeployment", "Normal", kReleaseStepsAside},
    Event{"ModelDeployment", "Normal", kReleaseSuperseded},
    Event{"ModelDeployment", "Normal", kReleaseEnded},
    Event{"ModelDeployment", "Warning", kRolledBack},
    Event{"ModelDeployment", "Normal", kBakeEnded},
    Event{"ModelDeployment", "Normal", kReturnedToPreviousStable},
    Event{"ModelDeployment", "Normal", kWarmPodsReleased},
    Event{"ModelDeployment", "Normal", kGuardrailsSwapped},
    Event{"ModelDeployment", "Warning", kStatusRestored},
    Event{"ModelDeployment", "Normal", kCommandAccepted},
    Event{"ModelDeployment", "Warning", kCommandRefused},
    Event{"ModelDeployment", "Normal", kHoldLifted},
    Event{"ModelDeployment", "Warning", kReferenceProblem},
    Event{"ModelDeployment", "Warning", kNameConflict},
    Event{"ModelDeployment", "Warning", kDegraded},
    Event{"ModelDeployment", "Normal", kHealthy},
    Event{"PromptVersion", "Normal", kTemplatesRead},
    Event{"PromptVersion", "Warning", kTemplateInvalid},
    Event{"Guardrail", "Normal", kRulesRead},
    Event{"Guardrail", "Warning", kRuleInvalid},
    Event{"EvalGate", "Normal", kDecidable},
    Event{"EvalGate", "Warning", kDatasetNotFound},
    Event{"EvalGate", "Warning", kDatasetKeyNotFound},
    Event{"EvalGate", "Warning", kDatasetInvalid},
    Event{"EvalGate", "Warning", kScorerInvalid},
    Event{"EvalGate", "Warning", kMarginUnreachable},
    Event{"EvalGate", "Warning", kObjectiveUnreachable},
    Event{"EvalGate", "Warning", kNothingFails},
    Event{"EvalGate", "Warning", kQueryInvalid},
    Event{"EvalGate", "Warning", kConditionInvalid},
    Event{"EvalGate", "Warning", kTakesTooLong},
    Event{"EvalRun", "Normal", kSuccessful},
    Event{"EvalRun", "Warning", kFailed},
    Event{"EvalRun", "Warning", kInconclusive},
    Event{"EvalRun", "Warning", kError},
    Event{"EvalRun", "Warning", kDatasetMissing},
    Event{"EvalRun", "Warning", kDatasetChanged},
    Event{"EvalRun", "Warning", kNameConflict},
    Event{"EvalRun", "Warning", kForbidden},
    Event{"EvalRun", "Warning", kInvalid},
    Event{"EvalRun", "Warning", kEvaluatorFailed},
    Event{"EvalRun", "Warning", kMessageLost},
    Event{"EvalRun", "Warning", kJobFailed},
    Event{"EvalRun", "Warning", kJobGone},
    Event{"EvalRun", "Warning", kDeadlineExceeded},
};

}  // namespace llmops::reasons
