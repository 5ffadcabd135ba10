#include "controllers/modeldeployment/core/children/engine.hpp"

#include "controllers/modeldeployment/core/children/names.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"

namespace llmops::release {
namespace {

constexpr EngineTraits kEngines[] = {
    {api::EngineType::Llamacpp, "/health", 8080},
};

// Outlasts the gateways' drain: endpoints vanish from the gateways first, the engine goes afterwards.
constexpr int kPreStopSeconds = 40;
constexpr int kTerminationGraceSeconds = 60;

// A load is given up by the release's own deadline, not by the kubelet.
constexpr int kStartupFailureThreshold = 36'000;

Json probe(const EngineTraits& traits, std::int64_t port, int period_seconds, int failure_threshold) {
  return {{"httpGet", {{"path", traits.health_path}, {"port", port}}},
          {"periodSeconds", period_seconds},
          {"timeoutSeconds", 2},
          {"failureThreshold", failure_threshold}};
}

Json llamacpp_arguments(const std::string& path, const std::string& model_name, std::int64_t port) {
  return Json::array({"--model", path, "--alias", model_name, "--host", "0.0.0.0", "--port",
                      std::to_string(port), "--metrics", "--cache-ram", "0"});
}

Json engine_labels(const std::string& serving_hash) {
  return {{std::string(names::kServingHash), short_hash(serving_hash)}};
}

}  // namespace

const EngineTraits& engine_traits(api::EngineType type) {
  for (const auto& traits : kEngines)
    if (traits.type == type) return traits;
  return kEngines[0];
}

Result<Child> engine_deployment(const Observed& observed, const Stack& stack, std::int64_t replicas) {
  const auto model = model_of(stack);
  if (!model.ok()) return model.error();
  const auto engine = engine_of(stack);
  if (!engine.ok()) return engine.error();
  const auto accelerator = accelerator_of(stack);
  if (!accelerator.ok()) return accelerator.error();
  const auto pod_template = template_of(stack);
  if (!pod_template.ok()) return pod_template.error();

  const std::string serving_hash = stack.serving_hash();
  const EngineTraits& traits = engine_traits(engine->type);
  const std::int64_t port = engine->port.value_or(traits.default_port);
  const std::string path = model->uri.substr(std::string_view("image://").size());

  Json arguments = llamacpp_arguments(path, names_of::engine_model(observed.meta.name, serving_hash), port);
  for (const auto& argument : engine->args) arguments.push_back(argument);
  Json environment = Json::array();
  for (const auto& variable : engine->env) environment.push_back(variable.to_json());
  Json resources = engine->resources ? engine->resources->to_json() : Json::object();
  if (*accelerator) {
    const std::string count = std::to_string((*accelerator)->count);
    resources["limits"][(*accelerator)->resource] = count;
    resources["requests"][(*accelerator)->resource] = count;
  }

  Json container = {{"name", "engine"},
                    {"image", engine->image},
                    {"args", std::move(arguments)},
                    {"ports", Json::array({{{"name", "http"}, {"containerPort", port}}})},
                    {"startupProbe", probe(traits, port, 1, kStartupFailureThreshold)},
                    {"readinessProbe", probe(traits, port, 2, 2)},
                    {"livenessProbe", probe(traits, port, 10, 6)},
                    {"lifecycle", {{"preStop", {{"sleep", {{"seconds", kPreStopSeconds}}}}}}},
                    {"resources", std::move(resources)},
                    {"securityContext", restricted_container()},
                    {"volumeMounts", Json::array({{{"name", "tmp"}, {"mountPath", "/tmp"}}})}};
  if (!environment.empty()) container["env"] = std::move(environment);

  Json pod = {{"containers", Json::array({std::move(container)})},
              {"securityContext", restricted_pod()},
              {"automountServiceAccountToken", false},
              {"enableServiceLinks", false},
              {"terminationGracePeriodSeconds", kTerminationGraceSeconds},
              {"volumes", Json::array({{{"name", "tmp"}, {"emptyDir", {{"sizeLimit", "64Mi"}}}}})}};
  if (*pod_template) {
    const Json given = (*pod_template)->to_json();
    pod.update(given);
  }

  Json labels = owned_labels(observed.meta, "engine");
  labels.update(engine_labels(serving_hash));
  Json content = {{"spec",
                   {{"replicas", replicas},
                    {"revisionHistoryLimit", 0},
                    {"progressDeadlineSeconds", 2'147'483},
                    {"selector", {{"matchLabels", labels}}},
                    {"template", {{"metadata", {{"labels", labels}}}, {"spec", std::move(pod)}}}}}};
  return make_child(observed.meta, kube::kDeployments, names_of::engine(observed.meta.name, serving_hash),
                    "engine", std::move(content), engine_labels(serving_hash));
}

Child engine_service(const Observed& observed, const std::string& serving_hash) {
  Json selector = owned_labels(observed.meta, "engine");
  selector.update(engine_labels(serving_hash));
  Json content = {{"spec", {{"clusterIP", "None"}, {"selector", std::move(selector)}}}};
  return make_child(observed.meta, kube::kServices, names_of::engine(observed.meta.name, serving_hash),
                    "engine", std::move(content), engine_labels(serving_hash));
}

}  // namespace llmops::release
