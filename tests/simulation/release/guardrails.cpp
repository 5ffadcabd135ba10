#include "tests/simulation/release/guardrails.hpp"

#include "tests/simulation/release/quickstart.hpp"

namespace llmops::simulation {
namespace {

constexpr const char* kFlakyModel = "/models/flaky.gguf";
constexpr const char* kNextModel = "/models/next.gguf";
// Longer than a new leader takes to come, so that a user always meets the canary there.
constexpr const char* kLongPause = "40s";

Json guardrail(const std::string& name, const std::string& word) {
  const Json rule = {
      {"name", "words"}, {"type", "words"}, {"action", "Block"}, {"words", {{"words", Json::array({word})}}}};
  return {{"metadata", {{"name", name}}}, {"spec", {{"rules", Json::array({rule})}}}};
}

std::function<void(User&)> look_for(const char* name, const char* word) {
  return [name, word](User& user) {
    user.change(kube::kGuardrails, name,
                [&](Json& spec) { spec["rules"][0]["words"]["words"] = Json::array({word}); });
  };
}

void use_model(User& user, const char* path) {
  user.change([&](Json& spec) { spec["backend"]["pods"]["model"]["uri"] = std::string("image://") + path; });
}

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
    use_model(user, kGoodModel);
    look_for("topics", "everything")(user);
  };
  const auto next_model = [](User& user) {
    look_for("topics", "strict")(user);
    use_model(user, kNextModel);
  };
  const auto healthy = [](const User& user) { return user.run_ended() && user.phase() == "Healthy"; };
  const auto in_canary = [](const User& user) { return user.pauses_at(20); };
  const auto ended = [](const char* outcome, const char* part) {
    return [outcome, part](const User& user) { return user.settled_with(outcome, part); };
  };
  return {{"first-deploy", begin, healthy},
          {"model-canary", [](User& user) { use_model(user, kFlakyModel); }, in_canary},
          {"tightened-in-canary", look_for("topics", "strict"), ended("RolledBack", "Model")},
          {"over-blocking", over_block, ended("RolledBack", "Guardrail")},
          {"next-model-canary", next_model, in_canary},
          {"exchanged-in-canary", look_for("secrets", "passphrase"), ended("Promoted", "Model")}};
}

}  // namespace

PlayOptions guardrail_flow() {
  PlayOptions options;
  options.phases = phases;
  options.cluster.judge = [](const std::string& content) {
    const auto has = [&](const char* text) { return content.find(text) != std::string::npos; };
    const bool worse = has("everything") || (has("flaky") && has("strict"));
    return worse ? api::Verdict::Failed : api::Verdict::Successful;
  };
  return options;
}

}  // namespace llmops::simulation
