#include "tests/simulation/release/comparison.hpp"

#include <set>
#include <sstream>

#include "crds/base/names.hpp"
#include "tests/simulation/world/crash_plans.hpp"

namespace llmops::simulation {
namespace {

const std::set<std::string, std::less<>> kTimes{"time",        "startTime",          "endTime",     "startedAt",
                                                "completedAt", "lastTransitionTime", "creationTimestamp"};

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

void forget(Json& object) {
  forget_times(object);
  Json& annotations = object["metadata"]["annotations"];
  for (const auto key : {names::kPromotedAt, names::kRejectedAt})
    if (annotations.is_object() && annotations.contains(std::string(key))) annotations[std::string(key)] = "set";
  if (object.contains("data") && object["data"].contains("config.json")) {
    Json config = parse_json(object["data"]["config.json"].get<std::string>()).value();
    config.erase("epoch");
    object["data"]["config.json"] = dump_json(config);
    annotations.erase(std::string(names::kContentDigest));
  }
  if (!object.contains("status")) return;
  Json& status = object["status"];
  for (const char* passing : {"epoch", "message"}) status.erase(passing);
  if (status.contains("trafficVerified")) status["trafficVerified"].erase("epoch");
  if (status.contains("conditions"))
    for (auto& condition : status["conditions"]) condition.erase("message");
}

}  // namespace

std::string end_state(const ClusterState& cluster) {
  std::string text = comparable_state(
      cluster.server->store,
      {kube::kModelDeployments, kube::kPromptVersions, kube::kEvalGates, kube::kEvalRuns, kube::kDeployments,
       kube::kControllerRevisions, kube::kJobs, kube::kServices, kube::kConfigMaps, kube::kServiceAccounts,
       kube::kRoles, kube::kRoleBindings},
      forget);
  for (const auto& [deployment, count] : cluster.pods_made)
    text += "pods made of " + deployment + ": " + std::to_string(count) + "\n";
  return text + "evaluations: " + std::to_string(cluster.evaluations) + "\n";
}

std::string difference(const std::string& expected, const std::string& found) {
  const auto lines = [](const std::string& text) {
    std::set<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.insert(line);
    return lines;
  };
  const auto wanted = lines(expected), got = lines(found);
  std::string text;
  for (const auto& line : wanted)
    if (!got.contains(line)) text += "- " + line + "\n";
  for (const auto& line : got)
    if (!wanted.contains(line)) text += "+ " + line + "\n";
  return text;
}

}  // namespace llmops::simulation
