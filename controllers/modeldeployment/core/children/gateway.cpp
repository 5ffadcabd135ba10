#include "controllers/modeldeployment/core/children/gateway.hpp"

#include "controllers/modeldeployment/core/capacity.hpp"
#include "controllers/modeldeployment/core/children/engine.hpp"
#include "controllers/modeldeployment/core/children/names.hpp"
#include "controllers/modeldeployment/core/endpoints.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/defaults.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"
#include "crds/wire/revision_body.hpp"

namespace llmops::release {
namespace {

constexpr std::int64_t kBuckets = 10'000;
// The share of an arm's in-flight slots that evaluation may take beside users.
constexpr double kEvaluationShare = 0.5;

Result<wire::RevisionBody> body_of(const Observed& observed, const std::string& hash, const Stack& stack) {
  const auto engine = engine_of(stack);
  if (!engine.ok()) return engine.error();
  const auto prompt = prompt_of(stack);
  if (!prompt.ok()) return prompt.error();
  const auto guardrails = guardrails_of(stack);
  if (!guardrails.ok()) return guardrails.error();
  wire::RevisionBody body;
  body.version = "revisionbody/v1";
  body.hash = hash;
  body.serving_hash = stack.serving_hash();
  body.engine.type = engine->type;
  body.engine.port = engine->port.value_or(engine_traits(engine->type).default_port);
  body.engine.model = names_of::engine_model(observed.meta.name, body.serving_hash);
  body.prompt = *prompt;
  body.guardrails = *guardrails;
  return body;
}

std::string body_text(const wire::RevisionBody& body) {
  return canonical_json(body.to_json());
}

Result<wire::GatewayRevision> config_revision(const Observed& observed, const api::RevisionStatus& revision) {
  const Stack* content = observed.content(revision.hash);
  if (!content)
    return Error{ErrorCode::NotFound,
                 "the record of revision " + std::to_string(revision.revision) + " (ControllerRevision " +
                     names_of::revision(observed.meta.name, revision.hash) + ") is missing"};
  auto body = body_of(observed, revision.hash, *content);
  if (!body.ok()) return body.error();
  wire::GatewayRevision entry;
  entry.hash = revision.hash;
  entry.ordinal = revision.revision;
  entry.serving_hash = revision.serving_hash;
  entry.body.config_map = names_of::body(observed.meta.name, revision.hash);
  entry.body.digest = sha256_hex(body_text(*body));
  return entry;
}

// The candidate has the first buckets, so that raising its weight moves users one way only.
void assign_buckets(wire::GatewayModel& model) {
  std::int64_t at = 0;
  const auto give = [&](wire::GatewayArm& arm) {
    const std::int64_t size = arm.weight * kBuckets / 100;
    if (size == 0) return;
    wire::BucketRange range;
    range.from = at;
    range.to = at + size;
    arm.buckets.push_back(range);
    at += size;
  };
  for (auto& arm : model.arms)
    if (arm.name == to_string(api::ArmName::Candidate)) give(arm);
  for (auto& arm : model.arms)
    if (arm.name != to_string(api::ArmName::Candidate)) give(arm);
}

Json env_from_field(const char* name, const char* field) {
  return {{"name", name}, {"valueFrom", {{"fieldRef", {{"fieldPath", field}}}}}};
}

Json http_probe(const char* path, int period_seconds, int failure_threshold) {
  return {{"httpGet", {{"path", path}, {"port", kAdminPort}}},
          {"periodSeconds", period_seconds},
          {"timeoutSeconds", 2},
          {"failureThreshold", failure_threshold}};
}

// One volume for all of them, so that their names need not fit volume names. A Secret or a key that is
// missing keeps no gateway from starting: its detector does not answer then, and failMode says what follows.
Json endpoints_volume(const std::set<std::string>& endpoints) {
  Json sources = Json::array();
  for (const auto& name : endpoints) {
    Json items = Json::array();
    for (const char* key : {"url", "token", "ca"})
      items.push_back({{"key", key}, {"path", name + "/" + key}});
    sources.push_back({{"secret", {{"name", name}, {"optional", true}, {"items", std::move(items)}}}});
  }
  return {{"name", "endpoints"}, {"projected", {{"defaultMode", 288}, {"sources", std::move(sources)}}}};
}

Child deployment(const Observed& observed) {
  const auto settings = observed.spec.gateway.value_or(api::GatewaySettings{});
  const Json labels = owned_labels(observed.meta, "gateway");
  Json resources = settings.resources ? settings.resources->to_json()
                                      : Json{{"requests", {{"cpu", "50m"}, {"memory", "32Mi"}}},
                                             {"limits", {{"memory", "256Mi"}}}};
  Json container = {
      {"name", "gateway"},
      {"image", observed.image},
      {"command", Json::array({"/usr/local/bin/llmops-gateway"})},
      {"args", Json::array({"--namespace", observed.meta.ns, "--model-deployment", observed.meta.name})},
      {"env",
       Json::array({env_from_field("POD_UID", "metadata.uid"), env_from_field("POD_NAME", "metadata.name")})},
      {"ports", Json::array({{{"name", "http"}, {"containerPort", kUserPort}},
                             {{"name", "evaluation"}, {"containerPort", kEvaluationPort}},
                             {{"name", "admin"}, {"containerPort", kAdminPort}}})},
      {"readinessProbe", http_probe("/readyz", 1, 2)},
      {"livenessProbe", http_probe("/livez", 10, 3)},
      {"resources", std::move(resources)},
      {"securityContext", restricted_container()},
      {"volumeMounts", Json::array({{{"name", "state"}, {"mountPath", "/var/lib/llmops"}}})}};
  Json pod = {{"serviceAccountName", names_of::gateway(observed.meta.name)},
              {"containers", Json::array({std::move(container)})},
              {"securityContext", restricted_pod()},
              {"enableServiceLinks", false},
              {"terminationGracePeriodSeconds", 60},
              {"volumes", Json::array({{{"name", "state"}, {"emptyDir", {{"sizeLimit", "64Mi"}}}}})}};
  for (const auto& name : observed.image_pull_secrets) pod["imagePullSecrets"].push_back({{"name", name}});
  Json metadata = {{"labels", labels}};
  if (const auto endpoints = wanted_endpoints(observed); !endpoints.empty()) {
    pod["volumes"].push_back(endpoints_volume(endpoints));
    pod["containers"][0]["volumeMounts"].push_back(
        {{"name", "endpoints"}, {"mountPath", kEndpointsFolder}, {"readOnly", true}});
    metadata["annotations"] = {{std::string(names::kEndpoints), joined_endpoints(endpoints)}};
  }
  Json content = {
      {"spec",
       {{"replicas", settings.replicas.value_or(defaults::kGatewayReplicas)},
        {"revisionHistoryLimit", 2},
        {"strategy",
         {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxUnavailable", 0}, {"maxSurge", 1}}}}},
        {"selector", {{"matchLabels", labels}}},
        {"template", {{"metadata", std::move(metadata)}, {"spec", std::move(pod)}}}}}};
  return make_child(observed, kube::kDeployments, names_of::gateway(observed.meta.name), "gateway",
                    std::move(content));
}

Child service(const Observed& observed) {
  Json content = {{"spec",
                   {{"selector", owned_labels(observed.meta, "gateway")},
                    {"ports", Json::array({{{"name", "http"}, {"port", 80}, {"targetPort", kUserPort}}})}}}};
  return make_child(observed, kube::kServices, names_of::user_service(observed.meta.name, observed.spec),
                    "gateway", std::move(content));
}

Child evaluation_service(const Observed& observed) {
  Json content = {{"spec",
                   {{"clusterIP", "None"},
                    {"publishNotReadyAddresses", true},
                    {"selector", owned_labels(observed.meta, "gateway")},
                    {"ports", Json::array({{{"name", "evaluation"},
                                            {"port", kEvaluationPort},
                                            {"targetPort", kEvaluationPort}}})}}}};
  return make_child(observed, kube::kServices, names_of::evaluation(observed.meta.name), "gateway",
                    std::move(content));
}

std::vector<Child> rights(const Observed& observed, const wire::GatewayConfig& config) {
  const std::string name = names_of::gateway(observed.meta.name);
  Json readable = Json::array({name});
  for (const auto& model : config.models)
    for (const auto& revision : model.revisions) readable.push_back(revision.body.config_map);
  Json rules = Json::array({{{"apiGroups", Json::array({""})},
                             {"resources", Json::array({"configmaps"})},
                             {"resourceNames", std::move(readable)},
                             {"verbs", Json::array({"get", "list", "watch"})}},
                            {{"apiGroups", Json::array({"discovery.k8s.io"})},
                             {"resources", Json::array({"endpointslices"})},
                             {"verbs", Json::array({"list", "watch"})}}});
  std::vector<Child> children;
  children.push_back(make_child(observed, kube::kServiceAccounts, name, "gateway", Json::object()));
  children.push_back(make_child(observed, kube::kRoles, name, "gateway", {{"rules", std::move(rules)}}));
  Json binding = {
      {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", name}}},
      {"subjects",
       Json::array({{{"kind", "ServiceAccount"}, {"name", name}, {"namespace", observed.meta.ns}}})}};
  children.push_back(make_child(observed, kube::kRoleBindings, name, "gateway", std::move(binding)));
  return children;
}

}  // namespace

std::string evaluation_audience(const kube::ObjectMeta& owner) {
  return std::string(names::kGroup) + "/evaluation/" + owner.ns + "/" + owner.name;
}

Result<wire::GatewayConfig> gateway_config(const Observed& observed,
                                           const api::ModelDeploymentStatus& status) {
  wire::GatewayModel model;
  model.served_model_name = observed.spec.served_model_name.value_or(observed.meta.name);
  model.open = status.stable.has_value();
  model.salt =
      observed.meta.ns + "/" + observed.meta.name + "/run-" + std::to_string(status.last_run.value_or(0));
  model.stickiness.assign(defaults::kStickinessBy.begin(), defaults::kStickinessBy.end());
  if (observed.spec.strategy && observed.spec.strategy->canary.stickiness)
    model.stickiness = observed.spec.strategy->canary.stickiness->by;
  model.evaluation.audience = evaluation_audience(observed.meta);
  model.evaluation.share = kEvaluationShare;
  if (const auto policy = overflow(observed, status))
    model.overflow = *policy == api::OnAbort::Shed ? wire::Overflow::Shed : wire::Overflow::Overload;

  for (const auto& arm : status.arms) {
    wire::GatewayArm entry;
    entry.name = to_string(arm.name);
    entry.revision = arm.hash;
    entry.weight = arm.weight;
    model.arms.push_back(std::move(entry));
  }
  assign_buckets(model);

  std::set<std::string> named;
  for (const auto* revision : {&status.stable, &status.candidate, &status.previous_stable}) {
    if (!*revision || !named.insert((*revision)->hash).second) continue;
    auto entry = config_revision(observed, **revision);
    if (!entry.ok()) return entry.error();
    model.revisions.push_back(std::move(*entry));
  }
  wire::GatewayConfig config;
  config.version = "gatewayconfig/v1";
  config.namespace_ = observed.meta.ns;
  config.model_deployment = observed.meta.name;
  config.models.push_back(std::move(model));
  return config;
}

std::string config_digest(const wire::GatewayConfig& config) {
  Json content = config.to_json();
  content.erase("epoch");
  return digest_of(content);
}

Result<Child> revision_body(const Observed& observed, const std::string& hash, const Stack& stack) {
  auto body = body_of(observed, hash, stack);
  if (!body.ok()) return body.error();
  Json content = {{"immutable", true}, {"data", {{"body.json", body_text(*body)}}}};
  return make_child(observed, kube::kConfigMaps, names_of::body(observed.meta.name, hash), "config",
                    std::move(content), {{std::string(names::kRevisionHash), short_hash(hash)}});
}

Child gateway_config_map(const Observed& observed, wire::GatewayConfig config, std::int64_t epoch) {
  config.epoch = epoch;
  Json content = {{"data", {{"config.json", dump_json(config.to_json())}}}};
  return make_child(observed, kube::kConfigMaps, names_of::gateway(observed.meta.name), "config",
                    std::move(content));
}

std::vector<Child> gateway_children(const Observed& observed, const wire::GatewayConfig& config) {
  std::vector<Child> children = rights(observed, config);
  children.push_back(evaluation_service(observed));
  children.push_back(service(observed));
  children.push_back(deployment(observed));
  return children;
}

}  // namespace llmops::release
