#include "controllers/evalrun/core/children.hpp"

#include <chrono>

#include "controllers/modeldeployment/core/children/child.hpp"
#include "crds/base/defaults.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"
#include "operator/kube/resource.hpp"

namespace llmops::evalrun {
namespace {

constexpr const char* kSpecFolder = "/etc/llmops/evaluation";
constexpr const char* kDatasetFolder = "/etc/llmops/dataset";
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

Json volumes(const kube::ObjectMeta& run, const api::EvalRunSpec& spec) {
  const Json token = {
      {"serviceAccountToken",
       {{"path", kTokenFile}, {"audience", *spec.audience}, {"expirationSeconds", kTokenSeconds}}}};
  return Json::array({{{"name", "evaluation"}, {"configMap", {{"name", run.name}}}},
                      {{"name", "dataset"}, {"configMap", {{"name", *spec.dataset_config_map}}}},
                      {{"name", "token"}, {"projected", {{"sources", Json::array({token})}}}}});
}

Json mount(const char* name, const char* folder) {
  return {{"name", name}, {"mountPath", folder}, {"readOnly", true}};
}

std::string spec_text(const kube::ObjectMeta& run, const api::EvalRunSpec& spec) {
  return dump_json(evaluation_of(run, spec).to_json());
}

// The digest pins the specification: whoever may write ConfigMaps could exchange it before it is mounted.
Json container(const std::string& image, const std::string& spec_digest) {
  return {
      {"name", kContainerName},
      {"image", image},
      {"command", Json::array({"/usr/local/bin/llmops-evaluator"})},
      {"args", Json::array({"--spec", path(kSpecFolder, kSpecFile), "--spec-digest", spec_digest, "--dataset",
                            path(kDatasetFolder, kDatasetFile), "--token", path(kTokenFolder, kTokenFile),
                            "--termination-log", kTerminationLog})},
      {"resources", {{"requests", {{"cpu", "50m"}, {"memory", "32Mi"}}}, {"limits", {{"memory", "256Mi"}}}}},
      {"securityContext", release::restricted_container()},
      {"terminationMessagePath", kTerminationLog},
      {"terminationMessagePolicy", "File"},
      {"volumeMounts", Json::array({mount("evaluation", kSpecFolder), mount("dataset", kDatasetFolder),
                                    mount("token", kTokenFolder)})}};
}

}  // namespace

std::int64_t active_deadline_seconds(const api::EvalRunSpec& spec) {
  const Duration timeout = spec.offline->timeout.value_or(defaults::kEvaluationTimeout);
  return std::chrono::ceil<std::chrono::seconds>(timeout + kJobGrace).count();
}

wire::EvalSpec evaluation_of(const kube::ObjectMeta& run, const api::EvalRunSpec& spec) {
  wire::EvalSpec evaluation;
  evaluation.eval_run = run.name;
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
  Json pod = {{"restartPolicy", "Never"},
              {"automountServiceAccountToken", false},
              {"enableServiceLinks", false},
              {"securityContext", release::restricted_pod()},
              {"containers", Json::array({container(image, sha256_hex(spec_text(run, spec)))})},
              {"volumes", volumes(run, spec)}};
  for (const auto& name : image_pull_secrets) pod["imagePullSecrets"].push_back({{"name", name}});
  return {{"apiVersion", kube::kJobs.api_version()},
          {"kind", kube::kJobs.kind},
          {"metadata", metadata(run, spec)},
          {"spec",
           {{"backoffLimit", 0},
            {"activeDeadlineSeconds", active_deadline_seconds(spec)},
            {"ttlSecondsAfterFinished", kKeepFinishedSeconds},
            {"template", {{"metadata", {{"labels", labels(run, spec)}}}, {"spec", std::move(pod)}}}}}};
}

}  // namespace llmops::evalrun
