#include "controllers/modeldeployment/core/children/protection.hpp"

#include "controllers/modeldeployment/core/children/gateway.hpp"
#include "controllers/modeldeployment/core/children/names.hpp"
#include "crds/base/names.hpp"

namespace llmops::release {
namespace {

constexpr int kDnsPort = 53;
// The label that every namespace has had since Kubernetes 1.21.
constexpr const char* kNamespaceName = "kubernetes.io/metadata.name";

Json selector(Json labels) {
  return {{"matchLabels", std::move(labels)}};
}

Json port(int number, const char* protocol = "TCP") {
  return {{"protocol", protocol}, {"port", number}};
}

Json pods_here(const kube::ObjectMeta& owner, std::string_view component) {
  return {{"podSelector", selector(owned_labels(owner, component))}};
}

Json in_namespace(const std::string& name) {
  return {{"namespaceSelector", selector({{kNamespaceName, name}})}};
}

Json admin_peers(const Protection& protection) {
  Json peer = in_namespace(protection.operator_namespace);
  peer["podSelector"] = selector({{std::string(names::kComponent), kOperatorComponent}});
  Json peers = Json::array({std::move(peer)});
  for (const auto& name : protection.monitoring_namespaces) peers.push_back(in_namespace(name));
  return peers;
}

Child policy(const kube::ObjectMeta& owner, std::string name, std::string_view component, Json types,
             const Json& rules) {
  Json spec = {{"podSelector", selector(owned_labels(owner, component))}, {"policyTypes", std::move(types)}};
  spec.update(rules);
  return make_child(owner, kube::kNetworkPolicies, std::move(name), component, {{"spec", std::move(spec)}});
}

Child engine_policy(const kube::ObjectMeta& owner) {
  // Any port: the engine's own one is part of the revision, and two revisions may have two.
  Json rule = {{"from", Json::array({pods_here(owner, "gateway")})}};
  return policy(owner, names_of::engines(owner.name), "engine", Json::array({"Ingress"}),
                {{"ingress", Json::array({std::move(rule)})}});
}

Child gateway_policy(const kube::ObjectMeta& owner, const Protection& protection) {
  Json users = {{"ports", Json::array({port(kUserPort)})}};
  Json evaluators = {{"from", Json::array({pods_here(owner, "evaluator")})},
                     {"ports", Json::array({port(kEvaluationPort)})}};
  Json reports = {{"from", admin_peers(protection)}, {"ports", Json::array({port(kAdminPort)})}};
  return policy(owner, names_of::gateway(owner.name), "gateway", Json::array({"Ingress"}),
                {{"ingress", Json::array({std::move(users), std::move(evaluators), std::move(reports)})}});
}

Child evaluator_policy(const kube::ObjectMeta& owner) {
  Json gateways = {{"to", Json::array({pods_here(owner, "gateway")})},
                   {"ports", Json::array({port(kEvaluationPort)})}};
  Json dns = {{"ports", Json::array({port(kDnsPort, "UDP"), port(kDnsPort)})}};
  // Where an endpoint is stands in a Secret that the operator does not read: who calls one is not held.
  Json others = selector(owned_labels(owner, "evaluator"));
  others["matchExpressions"] = Json::array({{{"key", names::kCallsEndpoint}, {"operator", "DoesNotExist"}}});
  return policy(
      owner, names_of::evaluators(owner.name), "evaluator", Json::array({"Ingress", "Egress"}),
      {{"podSelector", std::move(others)}, {"egress", Json::array({std::move(gateways), std::move(dns)})}});
}

Child gateway_budget(const kube::ObjectMeta& owner) {
  Json spec = {{"maxUnavailable", 1},
               {"unhealthyPodEvictionPolicy", "AlwaysAllow"},
               {"selector", selector(owned_labels(owner, "gateway"))}};
  return make_child(owner, kube::kPodDisruptionBudgets, names_of::gateway(owner.name), "gateway",
                    {{"spec", std::move(spec)}});
}

}  // namespace

std::vector<Child> protection_children(const kube::ObjectMeta& owner, const Protection& protection) {
  std::vector<Child> children;
  if (protection.network_policies) {
    children.push_back(gateway_policy(owner, protection));
    children.push_back(engine_policy(owner));
    children.push_back(evaluator_policy(owner));
  }
  if (protection.disruption_budgets) children.push_back(gateway_budget(owner));
  return children;
}

}  // namespace llmops::release
