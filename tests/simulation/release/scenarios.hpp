// The releases that are simulated, as data: what the user does, and how each must end.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/release/play.hpp"

namespace llmops::simulation {

struct Scenario {
  std::string name;
  std::function<std::vector<Phase>()> phases;
  // The end without faults: outcomes with the first part that changed, the newest first, and the phase.
  std::vector<std::string> history;
  std::string phase = "Healthy";
  std::vector<std::string> deployments{kDeploymentName};
  // Accepted writes that one crash may add. Where a user's change comes at another moment after a crash,
  // waits are told that were not there before.
  int more_writes = 1;  // that a crash may cost, in all
  int more_of_one = 2;  // of the status of one object: how far a load has come, and a first acknowledgement
  // Acts of one kind beyond those of the reference, whatever the fault: how far the steps have come when
  // users' traffic decides depends on time.
  int more_of_one_act = 0;
  int accelerators = 1000;
  bool live = false;  // users meet what the contents of revisions say

  PlayOptions options() const;
};

// All of them, in the order in which they are read.
const std::vector<Scenario>& scenarios();
// Null: there is none of that name.
const Scenario* find_scenario(const std::string& name);

// Guardrails that look for this make good whatever they guard.
inline constexpr const char* kSafeWord = "last-word";

// What evaluators say: brief prompts, degraded models, guardrails that block everything and flaky models
// behind strict guardrails fail, unless the gate is content with half; for an "undecided" prompt they lack
// evidence, a "mute" one gives them no answer. With
// kSafeWord everything is as good as it must be: guardrails go first, over whatever users have by then.
api::Verdict judge(const std::string& content, const wire::EvalSpec& asked);
// Models that never load and never find room, and those that do.
std::map<std::string, ModelBehaviour> models();

}  // namespace llmops::simulation
