#include "tests/simulation/release/scenarios.hpp"

#include <algorithm>

#include "tests/simulation/release/edits.hpp"
#include "tests/simulation/release/guardrails.hpp"
#include "tests/simulation/release/live_scenarios.hpp"
#include "tests/simulation/release/quickstart.hpp"

namespace llmops::simulation {
namespace {

using Ended = std::function<bool(const User&)>;

Ended settled() {
  return [](const User& user) { return user.all_settled(); };
}
Ended settled_with(const char* outcome, const char* part) {
  return [outcome, part](const User& user) { return user.settled_with(outcome, part); };
}
Ended in_canary() {
  return [](const User& user) { return user.pauses_at(20); };
}
Ended says(const char* text) {
  return [text](const User& user) {
    return string_at(user.live(), "status.message").find(text) != std::string::npos;
  };
}
Ended waits_for(const char* kind) {
  return [kind](const User& user) { return string_at(user.live(), "status.waitingFor.kind") == kind; };
}

// How a deployment begins that something then happens to.
struct Start {
  const char* pause = "3s";
  Edit before;  // objects that it needs
  std::function<void(Json& spec)> spec;
};
// A first pause that outlasts every change of leader, for users who act in it.
constexpr const char* kLongPause = "60s";

std::function<std::vector<Phase>()> then(std::vector<Phase> more, const Start& start = {}) {
  return [more, start] {
    const auto begin = [start](User& user) {
      apply_samples(user);
      if (start.before) start.before(user);
      Json deployment = quick_deployment(start.pause);
      if (start.spec) start.spec(deployment["spec"]);
      user.create(kube::kModelDeployments, std::move(deployment));
    };
    std::vector<Phase> phases{{"first-deploy", begin, settled()}};
    phases.insert(phases.end(), more.begin(), more.end());
    return phases;
  };
}

void deploy(User& user, const std::function<void(Json& spec)>& spec) {
  apply_samples(user);
  Json deployment = quick_deployment("3s");
  spec(deployment["spec"]);
  user.create(kube::kModelDeployments, std::move(deployment));
}

std::vector<Phase> rejected_first_deploy() {
  const auto begin = [](User& user) {
    deploy(user, [](Json& spec) { spec["promptRef"]["name"] = "support-answer-v3"; });
  };
  const auto refused = [](const User& user) { return user.phase() == "Degraded" && user.quiet(); };
  return {{"rejected", begin, refused}, {"repaired", use_prompt("support-answer-v1"), settled()}};
}

// The engine that loads for the first revision serves the second: nothing is loaded twice.
std::vector<Phase> prompt_changed_in_first_deploy() {
  const auto begin = [](User& user) {
    deploy(user, [](Json& spec) {
      spec["backend"]["pods"]["model"]["uri"] = std::string("image://") + kLargeModel;
    });
  };
  // Nothing is measured before the change is seen, whatever was late or lost.
  const auto loading = [](const User& user) { return user.engine_pods() == 2; };
  return {{"loading", begin, loading}, {"changed", use_prompt("support-answer-v2"), settled()}};
}

std::vector<Phase> missing_prompt() {
  const auto begin = [](User& user) {
    deploy(user, [](Json& spec) { spec["promptRef"]["name"] = "support-answer-v9"; });
  };
  return {{"missing", begin, says("PromptVersion support-answer-v9 does not exist")},
          {"there",
           [](User& user) { user.create(kube::kPromptVersions, prompt("support-answer-v9", 9, "At last.")); },
           settled()}};
}

std::vector<Phase> two_on_one_prompt() {
  const auto begin = [](User& user) {
    apply_samples(user);
    user.create(kube::kModelDeployments, quick_deployment("3s"));
    Json second = quick_deployment("3s");
    second["metadata"]["name"] = kSecondDeployment;
    user.create(kube::kModelDeployments, std::move(second));
  };
  const auto change = [](User& user) {
    use_prompt("support-answer-v2")(user);
    user.change(kube::kModelDeployments, kSecondDeployment,
                [](Json& spec) { spec["promptRef"]["name"] = "support-answer-v2"; });
  };
  const auto both = [](const char* prompt_name) {
    return [prompt_name](const User& user) {
      return user.serves(kDeploymentName, prompt_name) && user.serves(kSecondDeployment, prompt_name);
    };
  };
  return {{"both-deployed", begin, both("support-answer-v1")},
          {"both-change", change, both("support-answer-v2")}};
}

std::vector<Scenario> make_scenarios() {
  const Edit lenient = [](User& user) { user.create(kube::kGuardrails, guardrail("topics", "lenient")); };
  const Start with_topics{"3s", lenient, nullptr};
  const Start slow{kLongPause, nullptr, nullptr};
  const Start slow_with_topics{kLongPause, lenient, nullptr};
  const Start long_bake{"3s", nullptr,
                        [](Json& spec) { spec["strategy"]["canary"]["bake"]["duration"] = "90s"; }};
  const Start impatient{
      "3s", nullptr, [](Json& spec) { spec["progressDeadlines"] = {{"provision", "45s"}, {"load", "45s"}}; }};
  const Start tried{"3s", apply_tried_gates, [](Json& spec) {
                      spec["strategy"]["canary"]["steps"][1]["analysis"]["gates"][0]["name"] =
                          "support-tried";
                    }};
  const Edit next = use_model(kNextModel), good = use_model(kGoodModel);
  const Edit better = use_prompt("support-answer-v2"), brief = use_prompt("support-answer-v3");
  const Phase canary{"canary", next, in_canary()};
  const Phase guarded{"guardrail", use_guardrail("topics"), settled()};
  const auto baking = [](const User& user) { return user.phase() == "Baking"; };
  const auto quiet = [](const User& user) { return user.quiet(); };
  std::vector<Scenario> all;
  const auto add = [&](const char* name, std::function<std::vector<Phase>()> phases,
                       std::vector<std::string> history, const char* phase = "Healthy", int more_writes = 1) {
    all.push_back({name, std::move(phases), std::move(history), phase, {kDeploymentName}, more_writes});
  };
  add("first-deploy", then({}), {"Promoted Model"});
  add("good-prompt", then({{"good-prompt", better, settled()}}), {"Promoted Prompt", "Promoted Model"});
  add("bad-prompt", then({{"bad-prompt", brief, settled()}}), {"RolledBack Prompt", "Promoted Model"},
      "RolledBack");
  add("good-model", then({{"good-model", next, settled()}}), {"Promoted Model", "Promoted Model"});
  add("degraded-model", then({{"degraded-model", use_model(kDegradedModel), settled()}}),
      {"RolledBack Model", "Promoted Model"}, "RolledBack");
  add("superseded-in-canary",
      then({canary, {"superseded", use_model(kOtherModel), settled_with("Promoted", "Model")}}, slow),
      {"Promoted Model", "Superseded Model", "Promoted Model"}, "Healthy", 3);
  add("back-to-stable-in-canary", then({canary, {"back", good, settled_with("Superseded", "Model")}}, slow),
      {"Superseded Model", "Promoted Model"}, "Healthy", 3);
  add("back-to-stable-in-bake", then({{"promoted", next, baking}, {"back", good, quiet}}, long_bake),
      {"Returned Model", "Promoted Model", "Promoted Model"}, "Healthy", 3);
  add("guardrail", then({guarded}, with_topics), {"Promoted Guardrail", "Promoted Model"});
  add("over-blocking-guardrail",
      then({guarded,
            {"over-blocking", look_for("topics", "everything"), settled_with("RolledBack", "Guardrail")}},
           with_topics),
      {"RolledBack Guardrail", "Promoted Guardrail", "Promoted Model"}, "RolledBack");
  add("guardrail-tightened-in-canary",
      then({guarded, canary, {"tightened", look_for("topics", "strict"), settled_with("Promoted", "Model")}},
           slow_with_topics),
      {"Promoted Model", "Promoted Guardrail", "SteppedAside Model", "Promoted Guardrail", "Promoted Model"},
      "Healthy", 3);
  add("first-deploy-rejected-then-repaired", rejected_first_deploy, {"Promoted Model", "RolledBack Model"},
      "Healthy", 2);
  add("engine-never-loads", then({{"stuck", use_model(kStuckModel), settled()}}, impatient),
      {"RolledBack Model", "Promoted Model"}, "RolledBack", 2);
  add("no-room", then({{"no-room", use_model(kGiantModel), settled()}}, impatient),
      {"RolledBack Model", "Promoted Model"}, "RolledBack", 2);
  add("prompt-changed-in-first-deploy", prompt_changed_in_first_deploy,
      {"Promoted Model", "Superseded Model"}, "Healthy", 3);
  add("missing-prompt-then-there", missing_prompt, {"Promoted Model"});
  add("scale-in-canary", then({canary, {"scaled", scale_to(4), settled_with("Promoted", "Model")}}, slow),
      {"Promoted Model", "Promoted Model"}, "Healthy", 3);
  add("golden-set-edited-in-canary",
      then({canary,
            {"edited", edit_golden_set, settled_with("Promoted", "Model")},
            // Until then the gate's status tells of the golden set that it looked at last.
            {"looked-at", ease_gate, settled_with("Promoted", "Model")}},
           slow),
      {"Promoted Model", "Promoted Model"}, "Healthy", 3);
  add("gate-eased-after-rejection",
      then({{"bad-prompt", brief, settled()}, {"eased", ease_gate, settled_with("Promoted", "Prompt")}}),
      {"Promoted Prompt", "RolledBack Prompt", "Promoted Model"}, "Healthy", 2);
  add("dry-run-of-a-gate-that-fails", then({{"brief", brief, settled()}}, tried),
      {"Promoted Prompt", "Promoted Model"});
  add("inconclusive-then-back",
      then({{"undecided", use_prompt("support-answer-v4"), waits_for("Person")},
            {"back", use_prompt("support-answer-v1"), settled_with("Superseded", "Prompt")}}),
      {"Superseded Prompt", "Promoted Model"}, "Healthy", 2);
  add("evaluator-mute-then-back",
      then({{"mute", use_prompt("support-answer-v5"), waits_for("Person")},
            {"back", use_prompt("support-answer-v1"), settled_with("Superseded", "Prompt")}}),
      {"Superseded Prompt", "Promoted Model"}, "Healthy", 2);
  all.push_back({"two-on-one-prompt",
                 two_on_one_prompt,
                 {"Promoted Prompt", "Promoted Model"},
                 "Healthy",
                 {kDeploymentName, kSecondDeployment},
                 4});  // of each deployment and each prompt: they change hands one after the other
  add("quickstart", quickstart().phases,
      {"Promoted Engine", "RolledBack Model", "RolledBack Prompt", "Promoted Prompt", "Promoted Model"});
  add("guardrails-in-many-canaries", guardrail_flow().phases,
      {"Promoted Model", "Swapped Guardrail", "RolledBack Guardrail", "RolledBack Model",
       "Promoted Guardrail", "SteppedAside Model", "Promoted Model"},
      "Healthy", 3);
  // As many accelerators as stable has pods.
  const auto exchange = [&](const char* name, const char* policy, int replicas, const char* model,
                            std::vector<std::string> history, const char* phase) {
    const Start start{"3s", nullptr, [policy, replicas](Json& spec) {
                        spec["replicas"] = replicas;
                        spec["strategy"]["canary"]["capacityPolicy"] = {{"type", policy}};
                      }};
    add(name, then({{"exchange", use_model(model), settled()}}, start), std::move(history), phase, 2);
    all.back().accelerators = replicas;
  };
  exchange("replace-good-model", "Replace", 4, kNextModel, {"Promoted Model", "Promoted Model"}, "Healthy");
  exchange("replace-degraded-model", "Replace", 3, kDegradedModel, {"RolledBack Model", "Promoted Model"},
           "RolledBack");
  exchange("in-place-good-model", "InPlace", 1, kNextModel, {"Promoted Model", "Promoted Model"}, "Healthy");
  exchange("in-place-degraded-model", "InPlace", 1, kDegradedModel, {"RolledBack Model", "Promoted Model"},
           "RolledBack");
  add_live_scenarios(all);
  return all;
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = make_scenarios();
  return all;
}

const Scenario* find_scenario(const std::string& name) {
  const auto found = std::ranges::find(scenarios(), name, &Scenario::name);
  return found == scenarios().end() ? nullptr : &*found;
}

PlayOptions Scenario::options() const {
  PlayOptions made;
  made.phases = phases;
  made.deployments = deployments;
  // Mere progress may be told later: another one's, or that of a pod that comes after the promotion.
  if (deployments.size() > 1 || accelerators < 1000) made.settle = Duration(25'000);
  made.cluster.judge = judge;
  made.cluster.models = models();
  made.cluster.accelerators = accelerators;
  if (live) made.cluster.answers = answers;
  if (live) made.cluster.turns = 2;
  if (live) made.cluster.request_period = Duration(150);
  made.silence = Duration(20'000);  // longer than the least time between two writes that tell mere progress
  return made;
}

std::map<std::string, ModelBehaviour> models() {
  ModelBehaviour stuck, giant, large;
  stuck.loads = false;
  giant.has_room = false;
  large.load = Duration(15'000);
  return {{kStuckModel, stuck}, {kGiantModel, giant}, {kLargeModel, large}};
}

api::Verdict judge(const std::string& content, const wire::EvalSpec& asked) {
  const auto has = [&](const char* text) { return content.find(text) != std::string::npos; };
  if (has(kSafeWord)) return api::Verdict::Successful;
  if (has("undecided")) return api::Verdict::Inconclusive;
  if (has("mute")) return api::Verdict::Error;
  const bool worse = has("brief") || has("degraded") || has("everything") || (has("flaky") && has("strict"));
  const auto& metrics = asked.offline->metrics;
  const bool lenient = !metrics.empty() && metrics.front().objective && metrics.front().objective->min &&
                       *metrics.front().objective->min <= 0.5;
  return worse && !lenient ? api::Verdict::Failed : api::Verdict::Successful;
}

}  // namespace llmops::simulation
