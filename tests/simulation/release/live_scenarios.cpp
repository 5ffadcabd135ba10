#include "tests/simulation/release/live_scenarios.hpp"

#include <string>
#include <utility>

#include "tests/simulation/release/edits.hpp"

namespace llmops::simulation {
namespace {

Json gates(const std::string& name) {
  return {{"gates", Json::array({{{"name", name}}})}};
}

void watch(Json& canary, const std::string& gate) {
  canary["analysis"] = gates(gate);
}

void ask_in_a_step(Json& canary, const std::string& gate) {
  canary["steps"].push_back({{"analysis", gates(gate)}});
}

using Place = void (*)(Json& canary, const std::string& gate);

std::function<std::vector<Phase>()> flow(Place place, std::string gate, Edit change) {
  return [place, gate, change] {
    const auto begin = [place, gate](User& user) {
      apply_samples(user);
      apply_live_samples(user);
      if (gate == "live-tried") apply_tried_gates(user);
      Json deployment = quick_deployment("15s");
      place(deployment["spec"]["strategy"]["canary"], gate);
      user.create(kube::kModelDeployments, std::move(deployment));
    };
    const auto settled = [](const User& user) { return user.all_settled(); };
    return std::vector<Phase>{{"first-deploy", begin, settled}, {"released", change, settled}};
  };
}

}  // namespace

void add_live_scenarios(std::vector<Scenario>& all) {
  const auto add = [&](const char* name, Place place, const char* gate, const char* prompt, bool good) {
    const std::string outcome = good ? "Promoted" : "RolledBack";
    Scenario scenario;
    scenario.name = name;
    scenario.phases = flow(place, gate, use_prompt(prompt));
    scenario.history = {outcome + " Prompt", "Promoted Model"};
    scenario.phase = good ? "Healthy" : "RolledBack";
    // How often counts are told depends on time.
    scenario.more_writes = scenario.more_of_one = 8;
    scenario.more_of_one_act = 3;
    scenario.live = true;
    all.push_back(std::move(scenario));
  };
  add("live-step-good-prompt", ask_in_a_step, "live-errors", "support-answer-v2", true);
  add("live-step-prompt-that-errs", ask_in_a_step, "live-errors", "errs", false);
  add("live-watch-good-prompt", watch, "live-errors", "support-answer-v2", true);
  add("live-watch-prompt-that-errs", watch, "live-errors", "errs", false);
  add("live-watch-prompt-that-refuses", watch, "live-refusals", "refuses", false);
  add("live-watch-slow-prompt", watch, "live-ttft", "is-slow", false);
  add("live-step-dry-run-of-a-prompt-that-errs", ask_in_a_step, "live-tried", "errs", true);
  add("live-watch-dry-run-of-a-prompt-that-errs", watch, "live-tried", "errs", true);
  add("live-proof-of-a-good-prompt", watch, "live-proof", "support-answer-v2", true);
}

}  // namespace llmops::simulation
