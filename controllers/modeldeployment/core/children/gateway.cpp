#include "controllers/modeldeployment/core/children/gateway.hpp"

#include <algorithm>

#include "controllers/modeldeployment/core/capacity.hpp"
#include "controllers/modeldeployment/core/children/engine.hpp"
#include "controllers/modeldeployment/core/children/names.hpp"
#include "controllers/modeldeployment/core/endpoints.hpp"
#include "controllers/modeldeployment/core/live.hpp"
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
// What outlives a restart of a gateway's container: the counts of live gates.
constexpr const char* kStateFolder = "/var/lib/llmops";
constexpr const char* kSlotsFile = "/var/lib/llmops/slots";

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

// Each revision once.
std::vector<const api::RevisionStatus*> pointed_to(const api::ModelDeploymentStatus& status) {
  std::vector<const api::RevisionStatus*> revisions;
  std::set<std::string_view> named;
  for (const auto* revision : {&status.stable, &status.candidate, &status.previous_stable})
    if (*revision && named.insert((*revision)->hash).second) revisions.push_back(&**revision);
  return revisions;
}

Result<wire::GatewayRevision> config_revision(const Observed& observed,
                                              const ConfigurationInputs::Revision& revision) {
  const Stack* content = observed.content(revision.hash);
  if (!content)
    return Error{ErrorCode::NotFound,
                 "the record of revision " + std::to_string(revision.ordinal) + " (ControllerRevision " +
                     names_of::revision(observed.meta.name, revision.hash) + ") is missing"};
  auto body = body_of(observed, revision.hash, *content);
  if (!body.ok()) return body.error();
  wire::GatewayRevision entry;
  entry.hash = revision.hash;
  entry.ordinal = revision.ordinal;
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
  for (const auto& name : endpoints)
    sources.push_back(
        {{"secret", {{"name", name}, {"optional", true}, {"items", endpoint_items(name + "/")}}}});
  return {{"name", "endpoints"},
          {"projected", {{"defaultMode", kEndpointMode}, {"sources", std::move(sources)}}}};
}

Child deployment(const GatewayInputs& inputs) {
  const auto settings = inputs.settings.value_or(api::GatewaySettings{});
  const Json labels = owned_labels(inputs.owner(), "gateway");
  Json resources = settings.resources ? settings.resources->to_json()
                                      : Json{{"requests", {{"cpu", "50m"}, {"memory", "32Mi"}}},
                                             {"limits", {{"memory", "256Mi"}}}};
  Json container = {{"name", "gateway"},
                    {"image", inputs.image},
                    {"command", Json::array({"/usr/local/bin/llmops-gateway"})},
                    {"args", Json::array({"--namespace", inputs.ns, "--model-deployment", inputs.name,
                                          "--slots-file", kSlotsFile})},
                    {"env", Json::array({env_from_field("POD_UID", "metadata.uid"),
                                         env_from_field("POD_NAME", "metadata.name")})},
                    {"ports", Json::array({{{"name", "http"}, {"containerPort", kUserPort}},
                                           {{"name", "evaluation"}, {"containerPort", kEvaluationPort}},
                                           {{"name", "admin"}, {"containerPort", kAdminPort}}})},
                    {"readinessProbe", http_probe("/readyz", 1, 2)},
                    {"livenessProbe", http_probe("/livez", 10, 3)},
                    {"resources", std::move(resources)},
                    {"securityContext", restricted_container()},
                    {"volumeMounts", Json::array({{{"name", "state"}, {"mountPath", kStateFolder}}})}};
  Json pod = {{"serviceAccountName", names_of::gateway(inputs.name)},
              {"containers", Json::array({std::move(container)})},
              {"securityContext", restricted_pod()},
              {"enableServiceLinks", false},
              {"terminationGracePeriodSeconds", 60},
              {"volumes", Json::array({{{"name", "state"}, {"emptyDir", {{"sizeLimit", "8Mi"}}}}})}};
  for (const auto& name : inputs.image_pull_secrets) pod["imagePullSecrets"].push_back({{"name", name}});
  Json metadata = {{"labels", labels}};
  if (const auto& endpoints = inputs.endpoints; !endpoints.empty()) {
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
  return make_child(inputs.owner(), kube::kDeployments, names_of::gateway(inputs.name), "gateway",
                    std::move(content));
}

Child service(const GatewayInputs& inputs) {
  Json content = {{"spec",
                   {{"selector", owned_labels(inputs.owner(), "gateway")},
                    {"ports", Json::array({{{"name", "http"}, {"port", 80}, {"targetPort", kUserPort}}})}}}};
  return make_child(inputs.owner(), kube::kServices, names_of::user_service(inputs.name, inputs.settings),
                    "gateway", std::move(content));
}

Child evaluation_service(const GatewayInputs& inputs) {
  Json content = {{"spec",
                   {{"clusterIP", "None"},
                    {"publishNotReadyAddresses", true},
                    {"selector", owned_labels(inputs.owner(), "gateway")},
                    {"ports", Json::array({{{"name", "evaluation"},
                                            {"port", kEvaluationPort},
                                            {"targetPort", kEvaluationPort}}})}}}};
  return make_child(inputs.owner(), kube::kServices, names_of::evaluation(inputs.name), "gateway",
                    std::move(content));
}

std::vector<Child> rights(const GatewayInputs& inputs) {
  const std::string name = names_of::gateway(inputs.name);
  const kube::ObjectMeta owner = inputs.owner();
  Json readable = Json::array({name});
  for (const auto& body : inputs.bodies) readable.push_back(body);
  Json rules = Json::array({{{"apiGroups", Json::array({""})},
                             {"resources", Json::array({"configmaps"})},
                             {"resourceNames", std::move(readable)},
                             {"verbs", Json::array({"get", "list", "watch"})}},
                            {{"apiGroups", Json::array({"discovery.k8s.io"})},
                             {"resources", Json::array({"endpointslices"})},
                             {"verbs", Json::array({"list", "watch"})}}});
  std::vector<Child> children;
  children.push_back(make_child(owner, kube::kServiceAccounts, name, "gateway", Json::object()));
  children.push_back(make_child(owner, kube::kRoles, name, "gateway", {{"rules", std::move(rules)}}));
  Json binding = {
      {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", name}}},
      {"subjects", Json::array({{{"kind", "ServiceAccount"}, {"name", name}, {"namespace", inputs.ns}}})}};
  children.push_back(make_child(owner, kube::kRoleBindings, name, "gateway", std::move(binding)));
  return children;
}

}  // namespace

std::string evaluation_audience(const std::string& ns, const std::string& name) {
  return std::string(names::kGroup) + "/evaluation/" + ns + "/" + name;
}

ConfigurationInputs configuration_inputs(const Observed& observed, const api::ModelDeploymentStatus& status) {
  ConfigurationInputs inputs;
  inputs.ns = observed.meta.ns;
  inputs.name = observed.meta.name;
  inputs.served_model_name = observed.spec.served_model_name;
  if (observed.spec.strategy) inputs.stickiness = observed.spec.strategy->canary.stickiness;
  inputs.open = status.stable.has_value();
  inputs.last_run = status.last_run.value_or(0);
  inputs.overflow = overflow(observed, status);
  inputs.live = live_counting(observed, status);
  for (const auto& arm : status.arms) inputs.arms.push_back({arm.name, arm.hash, arm.weight});
  for (const auto* revision : pointed_to(status))
    inputs.revisions.push_back({revision->revision, revision->hash, revision->serving_hash,
                                observed.content(revision->hash) != nullptr});
  return inputs;
}

Result<wire::GatewayConfig> gateway_config(const ConfigurationInputs& inputs, const Observed& observed) {
  wire::GatewayModel model;
  model.served_model_name = inputs.served_model_name.value_or(inputs.name);
  model.open = inputs.open;
  model.salt = inputs.ns + "/" + inputs.name + "/run-" + std::to_string(inputs.last_run);
  model.stickiness.assign(defaults::kStickinessBy.begin(), defaults::kStickinessBy.end());
  if (inputs.stickiness) model.stickiness = inputs.stickiness->by;
  model.evaluation.audience = evaluation_audience(inputs.ns, inputs.name);
  model.evaluation.share = kEvaluationShare;
  if (inputs.overflow)
    model.overflow = *inputs.overflow == api::OnAbort::Shed ? wire::Overflow::Shed : wire::Overflow::Overload;

  model.live = inputs.live;

  for (const auto& arm : inputs.arms) {
    wire::GatewayArm entry;
    entry.name = to_string(arm.name);
    entry.revision = arm.hash;
    entry.weight = arm.weight;
    model.arms.push_back(std::move(entry));
  }
  assign_buckets(model);

  for (const auto& revision : inputs.revisions) {
    auto entry = config_revision(observed, revision);
    if (!entry.ok()) return entry.error();
    model.revisions.push_back(std::move(*entry));
  }
  wire::GatewayConfig config;
  config.version = "gatewayconfig/v1";
  config.namespace_ = inputs.ns;
  config.model_deployment = inputs.name;
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
  return make_child(observed.meta, kube::kConfigMaps, names_of::body(observed.meta.name, hash), "config",
                    std::move(content), {{std::string(names::kRevisionHash), short_hash(hash)}});
}

Child gateway_config_map(const Observed& observed, wire::GatewayConfig config, std::int64_t epoch) {
  config.epoch = epoch;
  Json content = {{"data", {{"config.json", dump_json(config.to_json())}}}};
  return make_child(observed.meta, kube::kConfigMaps, names_of::gateway(observed.meta.name), "config",
                    std::move(content));
}

kube::ObjectMeta GatewayInputs::owner() const {
  kube::ObjectMeta meta;
  meta.ns = ns;
  meta.name = name;
  meta.uid = uid;
  return meta;
}

GatewayInputs gateway_inputs(const Observed& observed) {
  const auto& meta = observed.meta;
  GatewayInputs inputs{meta.ns,
                       meta.name,
                       meta.uid,
                       observed.spec.gateway,
                       observed.image,
                       observed.image_pull_secrets,
                       {},
                       wanted_endpoints(observed)};
  for (const auto* revision : pointed_to(observed.status))
    inputs.bodies.push_back(names_of::body(meta.name, revision->hash));
  // A promotion changes their parts, not who may be read.
  std::ranges::sort(inputs.bodies);
  return inputs;
}

std::vector<Child> gateway_children(const GatewayInputs& inputs) {
  std::vector<Child> children = rights(inputs);
  children.push_back(evaluation_service(inputs));
  children.push_back(service(inputs));
  children.push_back(deployment(inputs));
  return children;
}

}  // namespace llmops::release
