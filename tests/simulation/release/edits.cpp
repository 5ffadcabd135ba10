#include "tests/simulation/release/edits.hpp"

#include <utility>

namespace llmops::simulation {
namespace {

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

Json golden_set(int items = 60) {
  std::string text;
  for (int i = 0; i < items; ++i)
    text += R"({"id":"q)" + std::to_string(i) + R"(","input":"How long?","reference":"14 days"})" + "\n";
  return {{"metadata", {{"name", "support-golden"}}}, {"data", {{"dataset.jsonl", text}}}};
}

}  // namespace

Json prompt(const std::string& name, int version, const std::string& text) {
  const Json message = {{"role", "system"}, {"content", text}};
  return {
      {"metadata", {{"name", name}}},
      {"spec", {{"prompt", "support-answer"}, {"version", version}, {"messages", Json::array({message})}}}};
}

Json guardrail(const std::string& name, const std::string& word) {
  const Json rule = {
      {"name", "words"}, {"type", "words"}, {"action", "Block"}, {"words", {{"words", Json::array({word})}}}};
  return {{"metadata", {{"name", name}}}, {"spec", {{"rules", Json::array({rule})}}}};
}

Edit use_prompt(std::string name) {
  return [name](User& user) { user.change([&](Json& spec) { spec["promptRef"]["name"] = name; }); };
}

Edit use_model(std::string path) {
  return [path](User& user) {
    user.change([&](Json& spec) { spec["backend"]["pods"]["model"]["uri"] = "image://" + path; });
  };
}

Edit use_guardrail(std::string name) {
  return [name](User& user) {
    user.change([&](Json& spec) { spec["guardrailRefs"] = Json::array({{{"name", name}}}); });
  };
}

Edit look_for(std::string name, std::string word) {
  return [name, word](User& user) {
    user.change(kube::kGuardrails, name,
                [&](Json& spec) { spec["rules"][0]["words"]["words"] = Json::array({word}); });
  };
}

Edit scale_to(int replicas) {
  return [replicas](User& user) { user.change([&](Json& spec) { spec["replicas"] = replicas; }); };
}

void edit_golden_set(User& user) {
  user.change_data("support-golden", golden_set(61)["data"]);
}

void ease_gate(User& user) {
  user.change(kube::kEvalGates, "support-golden",
              [](Json& spec) { spec["offline"]["metrics"][0]["objective"]["min"] = 0.5; });
}

Json live_gate(const std::string& name, const std::string& metric, const Json& more) {
  Json watched = {{"name", metric}};
  watched.update(more);
  return {{"metadata", {{"name", name}}},
          {"spec",
           {{"live",
             {{"metrics", Json::array({watched})},
              {"observeFor", "20s"},
              {"minConversations", 20},
              {"giveUpAfter", "3m"}}}}}};
}

void apply_live_samples(User& user) {
  user.create(kube::kEvalGates, live_gate("live-errors", "error-rate"));
  user.create(kube::kEvalGates, live_gate("live-refusals", "refusal-rate"));
  user.create(kube::kEvalGates, live_gate("live-ttft", "ttft", {{"quantile", 0.9}}));
  user.create(kube::kEvalGates,
              live_gate("live-proof", "error-rate", {{"require", "Proof"}, {"margin", {{"absolute", 0.3}}}}));
  user.create(kube::kPromptVersions, prompt("errs", 11, "Answer in vain."));
  user.create(kube::kPromptVersions, prompt("refuses", 12, "Rather refuse."));
  user.create(kube::kPromptVersions, prompt("is-slow", 13, "Take your time."));
}

void apply_late_gate(User& user) {
  Json late = live_gate("live-late", "error-rate");
  late["spec"]["live"]["observeFor"] = "1s";
  late["spec"]["live"]["minConversations"] = 1;
  user.create(kube::kEvalGates, std::move(late));
  user.create(kube::kPromptVersions, prompt("errs-at-times", 14, "Answer at times."));
}

void apply_tried_gates(User& user) {
  Json offline = gate();
  offline["metadata"]["name"] = "support-tried";
  for (Json tried : {std::move(offline), live_gate("live-tried", "error-rate")}) {
    tried["spec"]["dryRun"] = true;
    user.create(kube::kEvalGates, std::move(tried));
  }
}

Answers answers(const std::string& content) {
  const auto has = [&](const char* text) { return content.find(text) != std::string::npos; };
  Answers made;
  if (has("in vain")) made.errors = 90;
  if (has("at times")) made.errors = 35;
  if (has("Rather refuse")) made.refusals = 90;
  // An engine that stops must outlast its last answer.
  if (has("Take your time")) made.slower = Duration(280);
  return made;
}

void apply_samples(User& user) {
  user.create(kube::kConfigMaps, golden_set());
  user.create(kube::kEvalGates, gate());
  user.create(kube::kPromptVersions, prompt("support-answer-v1", 1, "You are the support assistant."));
  user.create(kube::kPromptVersions, prompt("support-answer-v2", 2, "Reply in the customer's language."));
  user.create(kube::kPromptVersions, prompt("support-answer-v3", 3, "Be brief."));
  user.create(kube::kPromptVersions, prompt("support-answer-v4", 4, "Be undecided."));
  user.create(kube::kPromptVersions, prompt("support-answer-v5", 5, "Be mute."));
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

Json quick_deployment(const std::string& first_pause) {
  Json made = sample_deployment(first_pause, "2s");
  made["spec"]["strategy"]["canary"]["bake"]["duration"] = "5s";
  made["spec"]["strategy"]["canary"]["abortScaleDownDelay"] = "2s";
  made["spec"]["progressDeadlines"] = {{"provision", "5m"}, {"load", "5m"}};
  return made;
}

}  // namespace llmops::simulation
