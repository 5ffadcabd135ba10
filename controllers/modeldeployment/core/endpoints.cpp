#include "controllers/modeldeployment/core/endpoints.hpp"

#include "crds/base/names.hpp"

namespace llmops::release {
namespace {

void add_endpoints(const Json& spec, std::set<std::string>& endpoints) {
  const Json* rules = find_path(spec, "rules");
  if (!rules || !rules->is_array()) return;
  for (const Json& rule : *rules)
    if (std::string name = string_at(rule, "detector.endpointRef.name"); !name.empty())
      endpoints.insert(std::move(name));
}

bool carries(const PodState& pod, const std::string& endpoint) {
  return ("," + pod.meta.annotation(names::kEndpoints) + ",").find("," + endpoint + ",") != std::string::npos;
}

}  // namespace

Json endpoint_items(const std::string& prefix) {
  Json items = Json::array();
  for (const char* key : {"url", "token", "ca"}) items.push_back({{"key", key}, {"path", prefix + key}});
  return items;
}

std::set<std::string> endpoints_of(const Stack& stack) {
  std::set<std::string> endpoints;
  const auto guardrails = stack.parts.find(api::Part::Guardrail);
  if (guardrails == stack.parts.end()) return endpoints;
  for (const Json& guardrail : guardrails->second)
    if (const Json* spec = find_path(guardrail, "spec")) add_endpoints(*spec, endpoints);
  return endpoints;
}

std::set<std::string> wanted_endpoints(const Observed& observed) {
  std::set<std::string> endpoints;
  const auto& status = observed.status;
  for (const auto* revision : {&status.stable, &status.candidate, &status.previous_stable}) {
    if (const Stack* content = observed.content(*revision)) endpoints.merge(endpoints_of(*content));
  }
  for (const auto& guardrail : observed.guardrails.list)
    for (const auto& rule : guardrail.spec.rules)
      if (rule.detector) endpoints.insert(rule.detector->endpoint_ref.name);
  return endpoints;
}

std::string joined_endpoints(const std::set<std::string>& endpoints) {
  std::string text;
  for (const auto& name : endpoints) text += (text.empty() ? "" : ",") + name;
  return text;
}

std::string missing_endpoint(const Observed& observed, const std::set<std::string>& endpoints) {
  if (endpoints.empty()) return "";
  for (const auto& pod : observed.gateway_pods) {
    if (!pod.has_run || pod.ended()) continue;
    for (const auto& endpoint : endpoints)
      if (!carries(pod, endpoint))
        return "gateway pod " + pod.meta.name + " without endpoint " + endpoint + " is being replaced";
  }
  return "";
}

}  // namespace llmops::release
