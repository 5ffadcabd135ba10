#include "controllers/evalrun/looks.hpp"

#include <utility>

#include "controllers/evalrun/core/children.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"
#include "crds/base/reasons.hpp"

namespace llmops::evalrun {
namespace {

std::string describe_object(const Create& create, const kube::ObjectMeta& owner) {
  return std::string(create.type.kind) + " " + owner.ns + "/" + string_at(create.object, "metadata.name");
}

// What an error of the API server means for a create.
Result<CreateOutcome> judge(Error error, const std::string& what) {
  std::string_view reason;
  if (error.code == ErrorCode::Forbidden) reason = reasons::kForbidden;
  if (error.code == ErrorCode::InvalidArgument || error.code == ErrorCode::TooLarge)
    reason = reasons::kInvalid;
  if (reason.empty()) return with_context(std::move(error), "create " + what);
  return CreateOutcome{{}, false, Refusal{std::string(reason), what + " was refused: " + error.message}};
}

Result<CreateOutcome> judge_existing(const Json& existing, const kube::ObjectMeta& owner,
                                     const std::string& what) {
  const kube::ObjectMeta meta = kube::parse_meta(existing);
  const kube::OwnerReference* controller = meta.controller();
  if (controller && controller->uid == owner.uid)
    return CreateOutcome{meta.resource_version, true, std::nullopt};
  if (controller && controller->kind == kube::kEvalRuns.kind && controller->name == owner.name)
    return Error{ErrorCode::Conflict,
                 what + " belongs to a deleted EvalRun of the same name and is about to go"};
  const std::string holder = controller ? controller->kind + " " + controller->name : "nobody that it names";
  return CreateOutcome{
      {},
      true,
      Refusal{std::string(reasons::kNameConflict),
              what + " exists and belongs to " + holder + ": delete or rename it, then retry the release"}};
}

}  // namespace

Task<Result<DatasetCopy>> look_at_dataset(kube::Client& client, kube::ObjectKey config_map) {
  const Result<Json> found = co_await client.get(kube::kConfigMaps, config_map);
  if (!found.ok()) {
    if (found.error().code == ErrorCode::NotFound) co_return DatasetCopy{};
    co_return found.error();
  }
  const Json* data = find_path(*found, "data");
  if (!data || !data->is_object()) co_return DatasetCopy{};
  const auto text = data->find(std::string(kDatasetFile));
  if (text == data->end() || !text->is_string()) co_return DatasetCopy{};
  co_return DatasetCopy{true, sha256_hex(text->get_ref<const std::string&>())};
}

Task<Result<Workload>> look_at_workload(kube::Client& client, kube::ObjectKey run) {
  Workload workload;
  const Result<Json> job = co_await client.get(kube::kJobs, run);
  if (job.ok())
    workload.job = job_state(*job);
  else if (job.error().code != ErrorCode::NotFound)
    co_return job.error();
  kube::ListOptions options;
  options.label_selector = evaluator_selector() + "," + std::string(names::kEvalRun) + "=" + run.name;
  const Result<kube::ListResult> pods = co_await client.list(kube::kPods, run.ns, std::move(options));
  if (!pods.ok()) co_return pods.error();
  for (const auto& raw : pods->raw_items) {
    auto pod = project_pod(raw);
    if (!pod.ok()) co_return pod.error();
    workload.pods.push_back(std::move(*pod));
  }
  co_return workload;
}

Task<Result<CreateOutcome>> create_ours(kube::Client& client, Create create, kube::ObjectMeta owner) {
  const std::string what = describe_object(create, owner);
  const kube::ObjectKey key{owner.ns, string_at(create.object, "metadata.name")};
  const Result<Json> made = co_await client.create(create.type, std::move(create.object));
  if (made.ok()) co_return CreateOutcome{string_at(*made, "metadata.resourceVersion"), false, std::nullopt};
  if (made.error().code != ErrorCode::AlreadyExists) co_return judge(made.error(), what);
  const Result<Json> existing = co_await client.get(create.type, key);
  if (existing.ok()) co_return judge_existing(*existing, owner, what);
  if (existing.error().code == ErrorCode::NotFound)
    co_return Error{ErrorCode::Conflict, what + " went away while it was looked at"};
  co_return existing.error();
}

}  // namespace llmops::evalrun
