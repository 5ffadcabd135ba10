// The one table of the reasons of events about ModelDeployments; docs/events.md says the same for people.
#pragma once

namespace llmops::release::events {

// A release, from its start to its end.
inline constexpr const char* kReleaseStarted = "ReleaseStarted";
inline constexpr const char* kStepCompleted = "StepCompleted";
inline constexpr const char* kTrafficWeightUpdated = "TrafficWeightUpdated";
inline constexpr const char* kAnalysisRetried = "AnalysisRetried";
inline constexpr const char* kReleasePaused = "ReleasePaused";
inline constexpr const char* kReleaseDecided = "ReleaseDecided";
inline constexpr const char* kReleasePromoted = "ReleasePromoted";
inline constexpr const char* kBakeEnded = "BakeEnded";
inline constexpr const char* kReleaseRejected = "ReleaseRejected";
inline constexpr const char* kRolledBack = "RolledBack";
inline constexpr const char* kReleaseSuperseded = "ReleaseSuperseded";
inline constexpr const char* kReleaseStepsAside = "ReleaseStepsAside";
inline constexpr const char* kReleaseEnded = "ReleaseEnded";
inline constexpr const char* kWarmPodsReleased = "WarmPodsReleased";
inline constexpr const char* kGuardrailsSwapped = "GuardrailsSwapped";
inline constexpr const char* kReturnedToPreviousStable = "ReturnedToPreviousStable";

// What people said.
inline constexpr const char* kCommandAccepted = "CommandAccepted";
inline constexpr const char* kCommandRefused = "CommandRefused";
inline constexpr const char* kHoldLifted = "HoldLifted";

// How it is.
inline constexpr const char* kHealthy = "Healthy";
inline constexpr const char* kDegraded = "Degraded";
inline constexpr const char* kReferenceProblem = "ReferenceProblem";
inline constexpr const char* kNameConflict = "NameConflict";
inline constexpr const char* kStatusRestored = "StatusRestored";

}  // namespace llmops::release::events
