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

Json pods_here(const Observed& observed, std::string_view component) {
  return {{"podSelector", selector(owned_labels(observed.meta, component))}};
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

Child policy(const Observed& observed, std::string name, std::string_view component, Json types, Json rules) {
  Json spec = {{"podSelector", selector(owned_labels(observed.meta, component))},
               {"policyTypes", std::move(types)}};
  spec.update(rules);
  return make_child(observed.meta, kube::kNetworkPolicies, std::move(name), component,
                    {{"spec", std::move(spec)}});
}

Child engine_policy(const Observed& observed) {
  // Any port: the engine's own one is part of the revision, and two revisions may have two.
  Json rule = {{"from", Json::array({pods_here(observed, "gateway")})}};
  return policy(observed, names_of::engines(observed.meta.name), "engine", Json::array({"Ingress"}),
                {{"ingress", Json::array({std::move(rule)})}});
}

Child gateway_policy(const Observed& observed) {
  Json users = {{"ports", Json::array({port(kUserPort)})}};
  Json evaluators = {{"from", Json::array({pods_here(observed, "evaluator")})},
                     {"ports", Json::array({port(kEvaluationPort)})}};
  Json reports = {{"from", admin_peers(observed.protection)}, {"ports", Json::array({port(kAdminPort)})}};
  return policy(observed, names_of::gateway(observed.meta.name), "gateway", Json::array({"Ingress"}),
                {{"ingress", Json::array({std::move(users), std::move(evaluators), std::move(reports)})}});
}

Child evaluator_policy(const Observed& observed) {
  Json gateways = {{"to", Json::array({pods_here(observed, "gateway")})},
                   {"ports", Json::array({port(kEvaluationPort)})}};
  Json dns = {{"ports", Json::array({port(kDnsPort, "UDP"), port(kDnsPort)})}};
  return policy(observed, names_of::evaluators(observed.meta.name), "evaluator",
                Json::array({"Ingress", "Egress"}),
                {{"egress", Json::array({std::move(gateways), std::move(dns)})}});
}

}  // namespace

std::vector<Child> network_policies(const Observed& observed) {
  if (!observed.protection.network_policies) return {};
  std::vector<Child> policies;
  policies.push_back(gateway_policy(observed));
  policies.push_back(engine_policy(observed));
  policies.push_back(evaluator_policy(observed));
  return policies;
}

std::vector<Child> disruption_budgets(const Observed& observed) {
  if (!observed.protection.disruption_budgets) return {};
  Json spec = {{"maxUnavailable", 1},
               {"unhealthyPodEvictionPolicy", "AlwaysAllow"},
               {"selector", selector(owned_labels(observed.meta, "gateway"))}};
  std::vector<Child> budgets;
  budgets.push_back(make_child(observed.meta, kube::kPodDisruptionBudgets,
                               names_of::gateway(observed.meta.name), "gateway",
                               {{"spec", std::move(spec)}}));
  return budgets;
}

std::vector<Child> protection_children(const Observed& observed) {
  std::vector<Child> children = network_policies(observed);
  for (auto& budget : disruption_budgets(observed)) children.push_back(std::move(budget));
  return children;
}

}  // namespace llmops::release
