#include "controllers/evalrun/core/children.hpp"

#include <chrono>

#include "controllers/modeldeployment/core/children/child.hpp"
#include "controllers/modeldeployment/core/endpoints.hpp"
#include "crds/base/defaults.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"
#include "evaluator/prometheus/plan.hpp"
#include "evaluator/prometheus/query.hpp"
#include "operator/kube/resource.hpp"

namespace llmops::evalrun {
namespace {

constexpr const char* kSpecFolder = "/etc/llmops/evaluation";
constexpr const char* kDatasetFolder = "/etc/llmops/dataset";
constexpr const char* kEndpointFolder = "/etc/llmops/endpoint";
constexpr const char* kTokenFolder = "/var/run/secrets/llmops";
constexpr const char* kTokenFile = "token";
constexpr const char* kSpecFile = "spec.json";
constexpr const char* kTerminationLog = "/dev/termination-log";
constexpr std::int64_t kTokenSeconds = 3600;
constexpr std::int64_t kKeepFinishedSeconds = 3600;  // for people who want to read its log

std::string path(const char* folder, std::string_view file) {
  return std::string(folder) + "/" + std::string(file);
}

Json labels(const kube::ObjectMeta& run, const api::EvalRunSpec& spec) {
  return {{std::string(names::kManagedBy), names::kManager},
          {std::string(names::kModelDeployment), spec.model_deployment},
          {std::string(names::kComponent), kComponentValue},
          {std::string(names::kRun), std::to_string(spec.run)},
          {std::string(names::kEvalRun), run.name}};
}

Json metadata(const kube::ObjectMeta& run, const api::EvalRunSpec& spec) {
  const Json owner = {{"apiVersion", names::kApiVersion},
                      {"kind", kube::kEvalRuns.kind},
                      {"name", run.name},
                      {"uid", run.uid},
                      {"controller", true},
                      {"blockOwnerDeletion", true}};
  return {{"name", run.name},
          {"namespace", run.ns},
          {"labels", labels(run, spec)},
          {"ownerReferences", Json::array({owner})}};
}

wire::EvalArm arm(const api::EvalRunSpec& spec, api::ArmName name, const api::RevisionReference& revision) {
  wire::EvalArm arm;
  arm.name = name;
  arm.url = "http://" + *spec.evaluation_service + "/revisions/" + revision.hash + "/v1";
  arm.revision = revision;
  return arm;
}

// A Secret or a key that is missing keeps no evaluator from starting: it says so in its verdict.
Json endpoint_volume(const api::PrometheusEvaluation& prometheus) {
  return {{"name", "endpoint"},
          {"secret",
           {{"secretName", prometheus.endpoint_ref.name},
            {"optional", true},
            {"defaultMode", release::kEndpointMode},
            {"items", release::endpoint_items("")}}}};
}

Json volumes(const kube::ObjectMeta& run, const api::EvalRunSpec& spec) {
  const Json evaluation = {{"name", "evaluation"}, {"configMap", {{"name", run.name}}}};
  if (spec.prometheus) return Json::array({evaluation, endpoint_volume(*spec.prometheus)});
  const Json token = {
      {"serviceAccountToken",
       {{"path", kTokenFile}, {"audience", *spec.audience}, {"expirationSeconds", kTokenSeconds}}}};
  return Json::array({evaluation,
                      {{"name", "dataset"}, {"configMap", {{"name", *spec.dataset_config_map}}}},
                      {{"name", "token"}, {"projected", {{"sources", Json::array({token})}}}}});
}

Json mount(const char* name, const char* folder) {
  return {{"name", name}, {"mountPath", folder}, {"readOnly", true}};
}

std::string short_of(const std::optional<api::RevisionReference>& revision) {
  return revision ? std::string(short_hash(revision->hash)) : std::string();
}

// A query that names something else was never Decidable; it stays as it is, and Prometheus refuses it.
api::PrometheusEvaluation with_arguments(const kube::ObjectMeta& run, const api::EvalRunSpec& spec) {
  const prometheus::Arguments arguments{short_of(spec.revision), short_of(spec.stable_revision), run.ns,
                                        spec.model_deployment};
  api::PrometheusEvaluation filled = *spec.prometheus;
  for (auto& metric : filled.metrics)
    if (auto query = prometheus::fill_in(metric.query, arguments)) metric.query = std::move(*query);
  return filled;
}

std::string spec_text(const kube::ObjectMeta& run, const api::EvalRunSpec& spec) {
  return dump_json(evaluation_of(run, spec).to_json());
}

// The digest pins the specification: whoever may write ConfigMaps could exchange it before it is mounted.
Json container(const std::string& image, const std::string& spec_digest, bool calls_endpoint) {
  Json args = Json::array({"--spec", path(kSpecFolder, kSpecFile), "--spec-digest", spec_digest});
  Json mounts = Json::array({mount("evaluation", kSpecFolder)});
  if (calls_endpoint) {
    args.insert(args.end(), {"--endpoint", kEndpointFolder});
    mounts.push_back(mount("endpoint", kEndpointFolder));
  } else {
    args.insert(args.end(),
                {"--dataset", path(kDatasetFolder, kDatasetFile), "--token", path(kTokenFolder, kTokenFile)});
    mounts.push_back(mount("dataset", kDatasetFolder));
    mounts.push_back(mount("token", kTokenFolder));
  }
  args.insert(args.end(), {"--termination-log", kTerminationLog});
  return {
      {"name", kContainerName},
      {"image", image},
      {"command", Json::array({"/usr/local/bin/llmops-evaluator"})},
      {"args", std::move(args)},
      {"resources", {{"requests", {{"cpu", "50m"}, {"memory", "32Mi"}}}, {"limits", {{"memory", "256Mi"}}}}},
      {"securityContext", release::restricted_container()},
      {"terminationMessagePath", kTerminationLog},
      {"terminationMessagePolicy", "File"},
      {"volumeMounts", std::move(mounts)}};
}

}  // namespace

std::int64_t active_deadline_seconds(const api::EvalRunSpec& spec) {
  const Duration timeout = spec.prometheus ? prometheus::deadline(*spec.prometheus)
                                           : spec.offline->timeout.value_or(defaults::kEvaluationTimeout);
  return std::chrono::ceil<std::chrono::seconds>(timeout + kJobGrace).count();
}

wire::EvalSpec evaluation_of(const kube::ObjectMeta& run, const api::EvalRunSpec& spec) {
  wire::EvalSpec evaluation;
  evaluation.eval_run = run.name;
  if (spec.prometheus) {
    evaluation.prometheus = with_arguments(run, spec);
    return evaluation;
  }
  evaluation.offline = *spec.offline;
  evaluation.dataset_path = path(kDatasetFolder, kDatasetFile);
  evaluation.dataset_digest = *spec.dataset_digest;
  evaluation.served_model_name = *spec.served_model_name;
  evaluation.arms.push_back(arm(spec, api::ArmName::Candidate, spec.revision));
  if (spec.stable_revision) evaluation.arms.push_back(arm(spec, api::ArmName::Stable, *spec.stable_revision));
  return evaluation;
}

Json spec_config_map(const kube::ObjectMeta& run, const api::EvalRunSpec& spec) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", metadata(run, spec)},
          {"immutable", true},
          {"data", {{kSpecFile, spec_text(run, spec)}}}};
}

Json job(const kube::ObjectMeta& run, const api::EvalRunSpec& spec, const std::string& image,
         const std::vector<std::string>& image_pull_secrets) {
  Json pod = {
      {"restartPolicy", "Never"},
      {"automountServiceAccountToken", false},
      {"enableServiceLinks", false},
      {"securityContext", release::restricted_pod()},
      {"containers",
       Json::array({container(image, sha256_hex(spec_text(run, spec)), spec.prometheus.has_value())})},
      {"volumes", volumes(run, spec)}};
  for (const auto& name : image_pull_secrets) pod["imagePullSecrets"].push_back({{"name", name}});
  Json pod_labels = labels(run, spec);
  if (spec.prometheus) pod_labels[std::string(names::kCallsEndpoint)] = "true";
  return {{"apiVersion", kube::kJobs.api_version()},
          {"kind", kube::kJobs.kind},
          {"metadata", metadata(run, spec)},
          {"spec",
           {{"backoffLimit", 0},
            {"activeDeadlineSeconds", active_deadline_seconds(spec)},
            {"ttlSecondsAfterFinished", kKeepFinishedSeconds},
            {"template", {{"metadata", {{"labels", std::move(pod_labels)}}}, {"spec", std::move(pod)}}}}}};
}

}  // namespace llmops::evalrun
