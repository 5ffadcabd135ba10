#include "tests/integration/conformance/objects.hpp"

#include <array>
#include <string>
#include <utility>

namespace llmops::conformance {
namespace {

using kube::ResourceType;

struct Plain {
  const ResourceType* type;
  std::string_view text;
};

constexpr std::array<Plain, 16> kPlain{{
    {&kube::kModelDeployments, R"({"spec": {"replicas": 1,
      "backend": {"pods": {"model": {"uri": "image:///models/a.gguf"},
                           "engine": {"type": "llamacpp", "image": "registry.example.com/engine:1"}}},
      "prompt": {"messages": [{"role": "system", "content": "first"}, {"conversation": {}}]}}})"},
    {&kube::kDeployments, R"({"spec": {"replicas": 1, "selector": {"matchLabels": {"of": "it"}},
      "template": {"metadata": {"labels": {"of": "it"}},
                   "spec": {"containers": [{"name": "c", "image": "registry.example.com/c:1"}]}}}})"},
    {&kube::kControllerRevisions, R"({"revision": 1, "data": {"value": "first"}})"},
    {&kube::kConfigMaps, R"({"data": {"value": "first"}})"},
    {&kube::kEvalRuns, R"({"spec": {"modelDeployment": "m", "run": 1, "step": 0, "gate": "g",
      "gateDigest": "6f2a9c01d3b4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e",
      "datasetDigest": "4be1c2d3a4f5968778695041322314050f1e2d3c4b5a69788796a5b4c3d2e1f0",
      "datasetConfigMap": "d", "attempt": 1,
      "revision": {"revision": 1, "hash": "b81d07c2f3a4958677869504132231405f6e7d8c9bab0a192837465564738291"},
      "offline": {"dataset": {"configMapRef": {"name": "d", "key": "dataset.jsonl"}},
                  "metrics": [{"name": "exact", "scorer": {"type": "contains"}, "objective": {"min": 0.8}}]},
      "evaluationService": "m-evaluation.ns.svc:8081", "audience": "a", "servedModelName": "m"}})"},
    {&kube::kLeases,
     R"({"spec": {"holderIdentity": "first", "leaseDurationSeconds": 15, "leaseTransitions": 0}})"},
    {&kube::kServices, R"({"spec": {"clusterIP": "None", "selector": {"of": "it"},
      "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}})"},
    {&kube::kPromptVersions, R"({"spec": {"prompt": "p", "version": 1,
      "messages": [{"role": "system", "content": "first"}, {"conversation": {}}]}})"},
    {&kube::kGuardrails, R"({"spec": {"rules": [{"name": "r", "type": "words", "action": "Block",
      "words": {"words": ["first"]}}]}})"},
    {&kube::kEvalGates, R"({"spec": {"offline": {
      "dataset": {"configMapRef": {"name": "d", "key": "dataset.jsonl"}},
      "metrics": [{"name": "exact", "scorer": {"type": "contains"}, "objective": {"min": 0.8}}]}}})"},
    {&kube::kJobs, R"({"spec": {"backoffLimit": 0, "ttlSecondsAfterFinished": 3600,
      "template": {"metadata": {"labels": {"of": "it"}},
                   "spec": {"restartPolicy": "Never",
                            "containers": [{"name": "c", "image": "registry.example.com/c:1"}]}}}})"},
    {&kube::kPods, R"({"spec": {"schedulerName": "none", "automountServiceAccountToken": false,
      "containers": [{"name": "c", "image": "registry.example.com/c:1"}]}})"},
    {&kube::kEvents, R"({"eventTime": "2026-01-01T00:00:00.000000Z", "reportingController": "llmops.dev/test",
      "reportingInstance": "i", "type": "Normal", "reason": "First", "action": "Act",
      "regarding": {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "namespace": "NAMESPACE"},
      "note": "something"})"},
    {&kube::kServiceAccounts, "{}"},
    {&kube::kRoles, R"({"rules": [{"apiGroups": [""], "resources": ["configmaps"],
      "resourceNames": ["first"], "verbs": ["get"]}]})"},
    {&kube::kRoleBindings,
     R"({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
      "subjects": [{"kind": "ServiceAccount", "name": "first", "namespace": "n"}]})"},
}};

constexpr std::array<const char*, 3> kWords{"first", "second", "third"};

Json parse_literal(std::string_view text) {
  auto parsed = parse_json(text);
  return parsed.ok() ? std::move(*parsed) : Json();
}

}  // namespace

const std::vector<const ResourceType*>& kinds() {
  static const std::vector<const ResourceType*> all = [] {
    std::vector<const ResourceType*> types;
    for (const auto& plain : kPlain) types.push_back(plain.type);
    return types;
  }();
  return all;
}

Json plain_object(const ResourceType& type) {
  for (const auto& plain : kPlain) {
    if (*plain.type != type) continue;
    Json object = parse_literal(plain.text);
    object["apiVersion"] = type.api_version();
    object["kind"] = type.kind;
    return object;
  }
  return {};
}

void set_content(const ResourceType& type, Json& object, int content) {
  const char* word = kWords.at(static_cast<std::size_t>(content));
  if (type == kube::kModelDeployments || type == kube::kPromptVersions) {
    Json& prompt = type == kube::kModelDeployments ? object["spec"]["prompt"] : object["spec"];
    prompt["messages"][0]["content"] = word;
  } else if (type == kube::kDeployments) {
    object["spec"]["template"]["spec"]["containers"][0]["image"] =
        std::string("registry.example.com/c:") + word;
  } else if (type == kube::kControllerRevisions || type == kube::kConfigMaps) {
    object["data"]["value"] = word;
  } else if (type == kube::kEvalRuns) {
    object["spec"]["audience"] = word;
  } else if (type == kube::kLeases) {
    object["spec"]["holderIdentity"] = content == 0 ? "" : word;
    object["spec"]["renewTime"] = "2026-01-01T00:00:0" + std::to_string(content) + ".000000Z";
  } else if (type == kube::kServices) {
    object["spec"]["selector"]["of"] = word;
  } else if (type == kube::kGuardrails) {
    object["spec"]["rules"][0]["words"]["words"] = Json::array({word});
  } else if (type == kube::kEvalGates) {
    object["spec"]["offline"]["maxItems"] = 100 + content;
  } else if (type == kube::kJobs) {
    object["spec"]["ttlSecondsAfterFinished"] = 3600 + content;
  } else if (type == kube::kPods) {
    object["spec"]["containers"][0]["image"] = std::string("registry.example.com/c:") + word;
  } else if (type == kube::kEvents) {
    object["series"] = {{"count", 2 + content}, {"lastObservedTime", "2026-01-01T00:00:01.000000Z"}};
  } else if (type == kube::kRoles) {
    object["rules"][0]["resourceNames"] = Json::array({word});
  } else if (type == kube::kRoleBindings) {
    object["subjects"][0]["name"] = word;
  }
}

Json status_of(const ResourceType& type, int content) {
  Json status = {{"observedGeneration", content + 1}};
  if (type == kube::kPromptVersions || type == kube::kGuardrails) {
    status["usedBy"] = content;
    return status;
  }
  status["message"] = kWords.at(static_cast<std::size_t>(content));
  if (type == kube::kModelDeployments) {
    status["replicas"] = content;
    status["selector"] = "of=it";
  }
  if (type == kube::kEvalRuns) {
    status.erase("observedGeneration");
    status["phase"] = content == 0 ? "Pending" : "Running";
  }
  return status;
}

bool is_ours(const ResourceType& type) {
  return type.group == "llmops.dev";
}

bool has_scale(const ResourceType& type) {
  return type == kube::kModelDeployments || type == kube::kDeployments;
}

}  // namespace llmops::conformance
