#include "tests/simulation/release/comparison.hpp"

#include <map>
#include <set>
#include <sstream>

#include "crds/base/names.hpp"
#include "tests/simulation/world/crash_plans.hpp"

namespace llmops::simulation {
namespace {

const std::set<std::string, std::less<>> kTimes{
    "time",       "startTime",          "endTime",          "startedAt", "completedAt",
    "returnedAt", "lastTransitionTime", "creationTimestamp"};

void forget_times(Json& value) {
  if (value.is_array())
    for (auto& element : value) forget_times(element);
  if (!value.is_object()) return;
  for (auto it = value.begin(); it != value.end();) {
    if (kTimes.contains(it.key())) {
      it = value.erase(it);
    } else {
      forget_times(*it);
      ++it;
    }
  }
}

const std::set<std::string, std::less<>> kLive{"error-rate", "refusal-rate", "ttft"};

// How much a live gate has seen depends on time, and with it what one says that nobody waits for.
void forget_counts(Json& object) {
  if (find_path(object, "spec.live") && object.contains("status"))
    for (const char* counted : {"live", "metrics", "message"}) object["status"].erase(counted);
  if (find_path(object, "spec.live") && bool_at(object, "spec.dryRun") && bool_at(object, "spec.background"))
    object["status"].erase("phase");
  if (object.contains("status") && object["status"].contains("rejected"))
    for (Json& rejection : object["status"]["rejected"])
      if (kLive.contains(string_at(rejection, "metric"))) rejection.erase("message");
  Json* history = object.contains("status") && object["status"].contains("history")
                      ? &object["status"]["history"]
                      : nullptr;
  if (!history) return;
  for (Json& entry : *history)
    if (entry.contains("gates"))
      for (Json& gate : entry["gates"])
        if (kLive.contains(string_at(gate, "metric"))) {
          gate.erase("value");
          gate.erase("n");
          entry.erase("message");
          if (bool_at(gate, "dryRun")) gate.erase("verdict");
        }
}

void forget(Json& object) {
  forget_times(object);
  forget_counts(object);
  Json& annotations = object["metadata"]["annotations"];
  if (annotations.is_object()) {
    annotations.erase(std::string(names::kContentDigest));  // covers the owner's uid
    annotations.erase(kTouched);
    for (const auto key : {names::kPromotedAt, names::kRejectedAt})
      if (annotations.contains(std::string(key))) annotations[std::string(key)] = "set";
  }
  if (annotations.empty()) object["metadata"].erase("annotations");
  if (object.contains("data") && object["data"].contains("config.json")) {
    Json config = parse_json(object["data"]["config.json"].get<std::string>()).value();
    config.erase("epoch");
    object["data"]["config.json"] = dump_json(config);
  }
  if (!object.contains("status")) return;
  Json& status = object["status"];
  for (const char* passing : {"epoch", "message"}) status.erase(passing);
  if (status.contains("trafficVerified")) status["trafficVerified"].erase("epoch");
  if (status.contains("conditions"))
    for (auto& condition : status["conditions"]) condition.erase("message");
}

// By "Kind/name"; other lines by their text before the colon.
std::map<std::string, Json> objects_of(const std::string& state) {
  std::map<std::string, Json> objects;
  std::istringstream stream(state);
  for (std::string line; std::getline(stream, line);) {
    const auto object = parse_json(line);
    if (object.ok() && object->is_object())
      objects[string_at(*object, "kind") + "/" + string_at(*object, "metadata.name")] = *object;
    else
      objects[line.substr(0, line.find(':'))] = line;
  }
  return objects;
}

}  // namespace

std::string end_state(const ClusterState& cluster) {
  std::string text =
      comparable_state(cluster.server->store,
                       {kube::kModelDeployments, kube::kPromptVersions, kube::kGuardrails, kube::kEvalGates,
                        kube::kEvalRuns, kube::kDeployments, kube::kControllerRevisions, kube::kJobs,
                        kube::kServices, kube::kConfigMaps, kube::kServiceAccounts, kube::kRoles,
                        kube::kRoleBindings, kube::kNetworkPolicies, kube::kPodDisruptionBudgets},
                       forget);
  for (const auto& [deployment, count] : cluster.pods_made)
    text += "pods made of " + deployment + ": " + std::to_string(count) + "\n";
  return text + "evaluations: " + std::to_string(cluster.evaluations) + "\n";
}

std::string difference(const std::string& expected, const std::string& found) {
  const auto wanted = objects_of(expected), got = objects_of(found);
  std::string text;
  for (const auto& [name, object] : wanted) {
    const auto other = got.find(name);
    if (other == got.end()) {
      text += name + ": missing\n";
      continue;
    }
    for (const Json& change : Json::diff(object, other->second)) {
      const std::string path = change["path"];
      const bool removed = change["op"] == "remove";
      text += name + " " + path + ": " +
              (change["op"] == "add" ? "(nothing)" : dump_json(object[Json::json_pointer(path)])) +
              " became " + (removed ? "(nothing)" : dump_json(change["value"])) + "\n";
    }
  }
  for (const auto& [name, object] : got)
    if (!wanted.contains(name)) text += name + ": new\n";
  return text;
}

}  // namespace llmops::simulation
