#include "tests/simulation/release/quickstart.hpp"

#include <utility>

namespace llmops::simulation {
namespace {

constexpr const char* kNextWindow = "--ctx-size=8192";

Json prompt(const std::string& name, int version, const std::string& text) {
  const Json message = {{"role", "system"}, {"content", text}};
  return {
      {"metadata", {{"name", name}}},
      {"spec", {{"prompt", "support-answer"}, {"version", version}, {"messages", Json::array({message})}}}};
}

Json gate() {
  const Json contains = {{"name", "answer-contains"},
                         {"scorer", {{"type", "contains"}}},
                         {"objective", {{"min", 0.85}}},
                         {"nonInferiority", {{"margin", 0.1}}}};
  const Json dataset = {{"configMapRef", {{"name", "support-golden"}}}};
  return {{"metadata", {{"name", "support-golden"}}},
          {"spec",
           {{"offline", {{"dataset", dataset}, {"metrics", Json::array({contains})}, {"timeout", "2m"}}}}}};
}

Json golden_set() {
  std::string text;
  for (int i = 0; i < 60; ++i)
    text += R"({"id":"q)" + std::to_string(i) + R"(","input":"How long?","reference":"14 days"})" + "\n";
  return {{"metadata", {{"name", "support-golden"}}}, {"data", {{"dataset.jsonl", text}}}};
}

std::vector<Phase> phases() {
  const auto begin = [](User& user) {
    apply_samples(user);
    user.create(kube::kModelDeployments, sample_deployment("5s", "5s"));
  };
  const auto use_prompt = [](const char* name) {
    return [name](User& user) { user.change([&](Json& spec) { spec["promptRef"]["name"] = name; }); };
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

void apply_samples(User& user) {
  user.create(kube::kConfigMaps, golden_set());
  user.create(kube::kEvalGates, gate());
  user.create(kube::kPromptVersions, prompt("support-answer-v1", 1, "You are the support assistant."));
  user.create(kube::kPromptVersions, prompt("support-answer-v2", 2, "Reply in the customer's language."));
  user.create(kube::kPromptVersions, prompt("support-answer-v3", 3, "Be brief."));
}

Json sample_deployment(const std::string& first_pause, const std::string& second_pause) {
  const Json engine = {{"type", "llamacpp"},
                       {"image", "registry.example/engine:1"},
                       {"args", Json::array({"--parallel=4", "--ctx-size=4096"})}};
  const Json pods = {{"model", {{"uri", std::string("image://") + kGoodModel}}},
                     {"engine", engine},
                     {"accelerator", {{"resource", "nvidia.com/gpu"}, {"count", 1}}}};
  const Json analysis = {{"gates", Json::array({{{"name", "support-golden"}}})}};
  const Json steps = Json::array({{{"setCanaryScale", {{"replicas", 1}}}},
                                  {{"analysis", analysis}},
                                  {{"setWeight", 20}},
                                  {{"pause", {{"duration", first_pause}}}},
                                  {{"setWeight", 50}},
                                  {{"pause", {{"duration", second_pause}}}}});
  const Json canary = {{"steps", steps}, {"bake", {{"duration", "15s"}}}, {"abortScaleDownDelay", "5s"}};
  return {{"metadata", {{"name", kDeploymentName}}},
          {"spec",
           {{"backend", {{"pods", pods}}},
            {"replicas", 2},
            {"promptRef", {{"name", "support-answer-v1"}}},
            {"gateway", {{"replicas", 2}}},
            {"strategy", {{"canary", canary}}}}}};
}

PlayOptions quickstart() {
  PlayOptions options;
  options.phases = phases;
  options.cluster.judge = [](const std::string& content) {
    const bool worse =
        content.find("brief") != std::string::npos || content.find("degraded") != std::string::npos;
    return worse ? api::Verdict::Failed : api::Verdict::Successful;
  };
  return options;
}

}  // namespace llmops::simulation
