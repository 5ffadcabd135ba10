#include "cli/release.hpp"

#include "crds/base/digest.hpp"
#include "operator/kube/object.hpp"

namespace llmops::cli {
namespace {

std::optional<std::vector<api::CanaryStep>> read_steps(const Json* list) {
  if (!list || !list->is_array()) return std::nullopt;
  std::vector<api::CanaryStep> steps;
  for (const Json& item : *list) {
    auto step = api::CanaryStep::parse(item);
    if (!step) return std::nullopt;
    steps.push_back(std::move(*step));
  }
  return steps;
}

}  // namespace

Result<Release> read_release(const Json& object) {
  const kube::ObjectMeta meta = kube::parse_meta(object);
  Release release;
  release.ns = meta.ns;
  release.name = meta.name;
  release.uid = meta.uid;
  release.generation = meta.generation;
  release.created = meta.creation_timestamp;
  release.served_model = string_at(object, "spec.servedModelName", meta.name);
  release.steps =
      read_steps(find_path(object, "spec.strategy.canary.steps")).value_or(std::vector<api::CanaryStep>());
  if (const Json* status = find_path(object, "status")) {
    auto parsed = api::ModelDeploymentStatus::parse(*status);
    if (!parsed)
      return Error{ErrorCode::Internal, "ModelDeployment " + meta.key().to_string() + ": status." +
                                            parsed.error().message +
                                            " (is this program older than the operator?)"};
    release.status = std::move(*parsed);
  }
  return release;
}

Task<Result<Json>> get_model_deployment(kube::Client& client, kube::ObjectKey key) {
  auto object = co_await client.get(kube::kModelDeployments, key);
  if (!object && object.error().code == ErrorCode::NotFound)
    co_return Error{ErrorCode::NotFound,
                    "ModelDeployment " + key.name + " in namespace " + key.ns + ": found none"};
  co_return object;
}

Task<Result<Release>> get_release(kube::Client& client, kube::ObjectKey key) {
  const auto object = co_await get_model_deployment(client, std::move(key));
  if (!object) co_return object.error();
  co_return read_release(*object);
}

std::optional<std::vector<api::CanaryStep>> read_plan(const Json& controller_revision) {
  return read_steps(find_path(controller_revision, "data.steps"));
}

std::string plan_name(const std::string& name, std::int64_t run) {
  return name + "-run-" + std::to_string(run);
}

std::string revision_name(const std::string& name, const std::string& hash) {
  return name + "-" + short_hash(hash);
}

std::string parts_text(const std::vector<api::Part>& parts) {
  std::string text;
  for (const api::Part part : parts) text += (text.empty() ? "" : ", ") + std::string(to_string(part));
  return text.empty() ? "-" : text;
}

}  // namespace llmops::cli
