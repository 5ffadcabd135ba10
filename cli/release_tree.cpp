#include "cli/release_tree.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include "cli/icons.hpp"
#include "cli/moments.hpp"
#include "cli/release_goal.hpp"
#include "cli/step_text.hpp"
#include "cli/table.hpp"
#include "cli/tree.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/text.hpp"

namespace llmops::cli {
namespace {

constexpr std::size_t kColumn = 17;  // of the head's values
constexpr std::size_t kMostInfo = 120;

std::string field(std::string_view label, const std::string& value) {
  std::string line(label);
  line.resize(std::max(line.size() + 1, kColumn), ' ');
  return line + value + "\n";
}

std::string long_field(std::string_view label, const std::string& value) {
  const std::string lines = wrapped(value, std::string(kColumn, ' '));
  return lines.empty() ? "" : field(label, lines.substr(kColumn, lines.size() - kColumn - 1));
}

std::string with_icon(std::string_view icon, std::string_view word) {
  return std::string(icon) + " " + std::string(word);
}

std::string age_of(const std::optional<Timestamp>& created, Timestamp now) {
  return created ? humanize(now - *created) : "";
}

// A status that belongs to an older spec says nothing about this one.
std::string phase_text(const Release& release) {
  const std::string standing = standing_of(release);
  return standing == kNotObserved ? with_icon(kUnderWayIcon, standing)
                                  : with_icon(icon_of(*release.status.phase), standing);
}

const api::Arm* arm_of(const api::ModelDeploymentStatus& status, const std::string& hash) {
  const auto found = std::ranges::find_if(status.arms, [&](const api::Arm& arm) { return arm.hash == hash; });
  return found == status.arms.end() ? nullptr : &*found;
}

std::string waiting_text(const api::WaitingFor& waiting) {
  std::string text(to_string(waiting.kind));
  if (waiting.name && !waiting.name->empty()) text += " " + *waiting.name;
  if (waiting.until) text += ", until " + moment(*waiting.until);
  return text;
}

std::string steps_line(const ReleaseScene& scene) {
  static constexpr std::array kMarks{"✔ ", "▶ ", "✖ ", ""};
  const auto& run = scene.release.status.run;
  const auto& steps = run && scene.plan ? *scene.plan : scene.release.steps;
  const auto states =
      run ? step_states(steps.size(), *run) : std::vector<StepState>(steps.size(), StepState::Ahead);
  std::string line;
  for (std::size_t i = 0; i < steps.size(); ++i)
    line +=
        (i > 0 ? " → " : "") + std::string(kMarks[static_cast<std::size_t>(states[i])]) + step_text(steps[i]);
  return line;
}

bool is_going_back(const api::RunStatus& run) {
  return run.decision && run.decision->outcome == api::Outcome::RolledBack;
}

std::string weights(const ReleaseScene& scene) {
  const auto& status = scene.release.status;
  const api::Arm* candidate = status.candidate ? arm_of(status, status.candidate->hash) : nullptr;
  if (!status.run || !candidate) return "";
  const auto& steps = scene.plan ? *scene.plan : scene.release.steps;
  std::string text;
  if (!status.run->first_deploy.value_or(false))
    text +=
        field("  SetWeight:", std::to_string(is_going_back(*status.run)
                                                 ? 0
                                                 : weight_before(steps, status.run->current_step_index + 1)));
  std::string actual = std::to_string(candidate->weight);
  const std::int64_t epoch = status.epoch.value_or(0);
  if (!status.traffic_verified || status.traffic_verified->epoch < epoch)
    actual += " (epoch " + std::to_string(epoch) + " is not yet in force on all gateways)";
  return text + field("  ActualWeight:", actual);
}

std::string head(const ReleaseScene& scene) {
  const auto& release = scene.release;
  const auto& status = release.status;
  std::string text =
      field("Name:", release.name) + field("Namespace:", release.ns) + field("Status:", phase_text(release));
  if (status.message) text += long_field("Message:", *status.message);
  if (status.waiting_for) text += field("Waiting:", waiting_text(*status.waiting_for));
  text += field("Strategy:", "Canary");
  if (status.run && status.step) text += field("  Step:", *status.step);
  text += weights(scene);
  if (status.run && status.run->first_deploy.value_or(false))
    text += field("  Steps:", "none: the first deploy");
  else
    text += long_field("  Steps:", steps_line(scene));
  std::int64_t desired = 0, servable = 0;
  std::set<std::string> counted;  // arms may share their pods
  for (const auto& arm : status.arms) {
    if (!counted.insert(arm.serving_hash).second) continue;
    desired += arm.replicas;
    servable += arm.servable_replicas;
  }
  text += "Replicas:\n" + field("  Desired:", std::to_string(desired)) +
          field("  Servable:", std::to_string(servable));
  for (const std::string& what : scene.unread) text += long_field(with_icon(kWarningIcon, "Unread:"), what);
  return text;
}

// A revision that people may want to see, and in what role.
struct Shown {
  std::string hash, serving_hash, role;
  bool is_candidate = false;
};

std::map<std::int64_t, Shown, std::greater<>> shown_revisions(const api::ModelDeploymentStatus& status) {
  std::map<std::int64_t, Shown, std::greater<>> shown;
  const auto add = [&](std::int64_t revision, const std::string& hash, const std::string& serving_hash,
                       const std::string& role, bool is_candidate = false) {
    shown.try_emplace(revision, Shown{hash, serving_hash, role, is_candidate});
  };
  if (status.candidate)
    add(status.candidate->revision, status.candidate->hash, status.candidate->serving_hash, "candidate",
        true);
  if (status.stable) add(status.stable->revision, status.stable->hash, status.stable->serving_hash, "stable");
  if (status.aside)
    add(status.aside->revision, status.aside->hash, status.aside->serving_hash, "stepped aside");
  if (status.previous_stable && status.bake_until)
    add(status.previous_stable->revision, status.previous_stable->hash, status.previous_stable->serving_hash,
        "kept warm until " + moment(*status.bake_until));
  if (!status.history.empty()) {
    const auto& last = status.history.front();
    const bool still_asked_for = status.desired && status.desired->hash == last.hash;
    add(last.revision, last.hash, still_asked_for ? status.desired->serving_hash : "",
        std::string(to_string(last.outcome)) + (last.decided_by.empty() ? "" : " by " + last.decided_by));
  }
  if (status.desired)
    add(status.desired->revision, status.desired->hash, status.desired->serving_hash, "asked for");
  return shown;
}

TreeNode pod_node(const PodLine& pod, Timestamp now) {
  return {"□ " + pod.name,          "Pod",        with_icon(icon_of(pod), pod.state),
          age_of(pod.created, now), info_of(pod), {}};
}

// The pods of this engine, each shown once.
std::vector<TreeNode> take_pods(const ReleaseScene& scene, const std::string& serving_hash, Timestamp now) {
  std::vector<TreeNode> nodes;
  for (const PodLine& pod : scene.pods)
    if (pod.component == "engine" && pod.serving_hash == short_hash(serving_hash))
      nodes.push_back(pod_node(pod, now));
  return nodes;
}

std::string arm_info(const api::Arm& arm, const Shown& shown) {
  return shown.role + ", weight " + std::to_string(arm.weight) + " %, servable " +
         std::to_string(arm.servable_replicas) + "/" + std::to_string(arm.replicas);
}

TreeNode run_node(const ReleaseScene& scene, const RunLine& run, Timestamp now) {
  const auto phase =
      run.record.status && run.record.status->phase ? *run.record.status->phase : api::EvalRunPhase::Pending;
  std::string info = "gate " + run.record.spec.gate;
  if (run.record.status && run.record.status->message) info += ": " + *run.record.status->message;
  TreeNode node{
      "α " + run.name,       "EvalRun", with_icon(icon_of(phase), to_string(phase)), age_of(run.created, now),
      clip(info, kMostInfo), {}};
  const bool under_way = phase == api::EvalRunPhase::Pending || phase == api::EvalRunPhase::Running;
  for (const PodLine& pod : scene.pods)
    if (under_way && pod.eval_run == run.name) node.children.push_back(pod_node(pod, now));
  return node;
}

// Those of its latest run, in order of time.
std::vector<TreeNode> run_nodes(const ReleaseScene& scene, std::int64_t revision, Timestamp now) {
  std::vector<const RunLine*> found;
  std::int64_t latest = 0;
  for (const RunLine& run : scene.runs) {
    if (run.record.spec.revision.revision != revision) continue;
    latest = std::max(latest, run.record.spec.run);
    found.push_back(&run);
  }
  std::erase_if(found, [&](const RunLine* run) { return run->record.spec.run != latest; });
  std::ranges::sort(found, [](const RunLine* a, const RunLine* b) {
    return std::tie(a->created, a->name) < std::tie(b->created, b->name);
  });
  std::vector<TreeNode> nodes;
  for (const RunLine* run : found) nodes.push_back(run_node(scene, *run, now));
  return nodes;
}

TreeNode revision_node(const ReleaseScene& scene, std::int64_t revision, const Shown& shown,
                       std::set<std::string>& engines, Timestamp now) {
  const auto& status = scene.release.status;
  TreeNode node{"# revision:" + std::to_string(revision), "", "", "", short_hash(shown.hash), {}};
  const api::Arm* arm = arm_of(status, shown.hash);
  if (arm || !take_pods(scene, shown.serving_hash, now).empty()) {
    TreeNode engine{"⧉ " + scene.release.name + "-engine-" + short_hash(shown.serving_hash),
                    "Engine",
                    arm ? with_icon(icon_of(arm->load_state), to_string(arm->load_state)) : "",
                    "",
                    arm ? arm_info(*arm, shown) : shown.role,
                    {}};
    if (engines.insert(shown.serving_hash).second)
      engine.children = take_pods(scene, shown.serving_hash, now);
    node.children.push_back(std::move(engine));
  } else {
    node.status = std::string(kOverIcon) + " no pods";
    node.info += ", " + shown.role;
  }
  for (TreeNode& run : run_nodes(scene, revision, now)) node.children.push_back(std::move(run));
  return node;
}

// Pods that are still being shared are listed under the revision that had them first.
TreeNode tree(const ReleaseScene& scene, Timestamp now) {
  const Release& release = scene.release;
  TreeNode root{
      "⟳ " + release.name, "ModelDeployment", phase_text(release), age_of(release.created, now), "", {}};
  std::set<std::string> engines;
  const auto shown = shown_revisions(release.status);
  for (auto it = shown.rbegin(); it != shown.rend(); ++it)
    root.children.push_back(revision_node(scene, it->first, it->second, engines, now));
  std::ranges::reverse(root.children);
  std::map<std::string, TreeNode> going;
  for (const PodLine& pod : scene.pods) {
    const bool known = std::ranges::any_of(
        engines, [&](const std::string& hash) { return short_hash(hash) == pod.serving_hash; });
    if (pod.component != "engine" || known) continue;
    TreeNode& node = going[pod.serving_hash];
    node.name = "⧉ " + release.name + "-engine-" + pod.serving_hash;
    node.kind = "Engine";
    node.status = std::string(kOverIcon) + " going";
    node.children.push_back(pod_node(pod, now));
  }
  for (auto& [hash, node] : going) root.children.push_back(std::move(node));
  TreeNode gateway{"⑃ " + release.name + "-gateway", "Gateway", "", "", "", {}};
  const auto& verified = release.status.traffic_verified;
  if (verified) {
    const bool current = verified->epoch >= release.status.epoch.value_or(0);
    gateway.status = with_icon(current ? kGoodIcon : kUnderWayIcon, current ? "Verified" : "Unverified");
    gateway.info = verified->gateways + " at epoch " + std::to_string(verified->epoch);
  }
  for (const PodLine& pod : scene.pods)
    if (pod.component == "gateway") gateway.children.push_back(pod_node(pod, now));
  if (verified || !gateway.children.empty()) root.children.push_back(std::move(gateway));
  return root;
}

}  // namespace

std::string release_scene_text(const ReleaseScene& scene, Timestamp now) {
  return head(scene) + "\n" + tree_text(tree(scene, now));
}

}  // namespace llmops::cli
