#include "tests/simulation/release/quickstart.hpp"

#include "tests/simulation/release/edits.hpp"
#include "tests/simulation/release/scenarios.hpp"

namespace llmops::simulation {
namespace {

constexpr const char* kNextWindow = "--ctx-size=8192";

std::vector<Phase> phases() {
  const auto begin = [](User& user) {
    apply_samples(user);
    user.create(kube::kModelDeployments, sample_deployment("5s", "5s"));
  };
  const auto use_degraded = [](User& user) {
    user.change([](Json& spec) {
      spec["promptRef"]["name"] = "support-answer-v2";
      spec["backend"]["pods"]["model"]["uri"] = std::string("image://") + kDegradedModel;
    });
  };
  const auto use_next_window = [](User& user) {
    user.change([](Json& spec) {
      spec["backend"]["pods"]["model"]["uri"] = std::string("image://") + kGoodModel;
      spec["backend"]["pods"]["engine"]["args"] = Json::array({"--parallel=4", kNextWindow});
    });
  };
  const auto healthy = [](const User& user) { return user.run_ended() && user.phase() == "Healthy"; };
  const auto ended = [](const User& user) { return user.run_ended(); };
  const auto settled = [](const User& user) { return user.all_settled(); };
  return {{"first-deploy", begin, healthy},
          {"better-prompt", use_prompt("support-answer-v2"), ended},
          {"brief-prompt", use_prompt("support-answer-v3"), ended},
          {"degraded-model", use_degraded, settled},
          {"new-argument", use_next_window, settled}};
}

}  // namespace

PlayOptions quickstart() {
  PlayOptions options;
  options.phases = phases;
  options.cluster.judge = judge;
  return options;
}

}  // namespace llmops::simulation
