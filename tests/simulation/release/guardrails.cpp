#include "tests/simulation/release/guardrails.hpp"

#include "tests/simulation/release/edits.hpp"
#include "tests/simulation/release/scenarios.hpp"

namespace llmops::simulation {
namespace {

// Longer than a new leader takes to come, so that a user always meets the canary there.
constexpr const char* kLongPause = "40s";

std::vector<Phase> phases() {
  const auto begin = [](User& user) {
    apply_samples(user);
    user.create(kube::kGuardrails, guardrail("topics", "lenient"));
    user.create(kube::kGuardrails, guardrail("secrets", "password"));
    Json deployment = sample_deployment(kLongPause, "5s");
    deployment["spec"]["guardrailRefs"] =
        Json::array({{{"name", "topics"}}, {{"name", "secrets"}, {"update", "Immediate"}}});
    user.create(kube::kModelDeployments, std::move(deployment));
  };
  const auto over_block = [](User& user) {
    use_model(kGoodModel)(user);
    look_for("topics", "everything")(user);
  };
  const auto next_model = [](User& user) {
    look_for("topics", "strict")(user);
    use_model(kNextModel)(user);
  };
  const auto healthy = [](const User& user) { return user.run_ended() && user.phase() == "Healthy"; };
  const auto in_canary = [](const User& user) { return user.pauses_at(20); };
  const auto ended = [](const char* outcome, const char* part) {
    return [outcome, part](const User& user) { return user.settled_with(outcome, part); };
  };
  return {{"first-deploy", begin, healthy},
          {"model-canary", use_model(kFlakyModel), in_canary},
          {"tightened-in-canary", look_for("topics", "strict"), ended("RolledBack", "Model")},
          {"over-blocking", over_block, ended("RolledBack", "Guardrail")},
          {"next-model-canary", next_model, in_canary},
          {"exchanged-in-canary", look_for("secrets", "passphrase"), ended("Promoted", "Model")}};
}

}  // namespace

PlayOptions guardrail_flow() {
  PlayOptions options;
  options.phases = phases;
  options.cluster.judge = judge;
  return options;
}

}  // namespace llmops::simulation
