// Live gates: what gateways count becomes the evidence of EvalRuns.
//
// The state of a gate is in the status of its EvalRun, in integers, and is written before anything follows
// from it. What follows next is a function of that state and of the gateways' reports: slots of start time
// from the state's own mark on, up to the first that some gateway has not decided, are added up over the
// gateways and judged in their order. So a report that is read twice, a gateway that begins again and an
// operator that dies between two writes count nothing twice. Of a gateway that is gone counts what it told
// last: lost is what it had not told, and where the operator dies too, what no status tells yet.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/modeldeployment/core/observed.hpp"
#include "crds/wire/gateway_config.hpp"

namespace llmops::release {

// New counts alone are written so often at most; a verdict at once.
inline constexpr Duration kEvidenceInterval{10'000};
// A gateway that does not answer holds the evidence back so long: then the others go on without it.
inline constexpr Duration kGatewayPatience{60'000};

struct LiveUpdate {
  kube::ObjectMeta live;
  api::EvalRunStatus status;
};

// EvalRuns of live gates that count now: those of the step that is on and of the background, or of the bake.
std::vector<const EvalRunState*> live_runs(const Observed& observed);

// The statuses that follow from the reports, where they differ from the persisted ones and are due.
std::vector<LiveUpdate> live_updates(const Observed& observed);

// Only slots that start after it are needed from gateways; nothing where no gate counts.
std::optional<Timestamp> slots_wanted_since(const Observed& observed);
// Some gate waits for stable's quantile.
bool distributions_wanted(const Observed& observed);

// What gateways need for the gates that count now.
std::optional<wire::LiveCounting> live_counting(const Observed& observed,
                                                const api::ModelDeploymentStatus& status);

}  // namespace llmops::release
