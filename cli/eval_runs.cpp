#include "cli/eval_runs.hpp"

#include <utility>

#include "crds/base/names.hpp"
#include "operator/kube/object.hpp"

namespace llmops::cli {

Task<Result<EvalRuns>> read_eval_runs(kube::Client* client, std::string ns, std::string name) {
  kube::ListOptions options;
  options.label_selector = std::string(names::kModelDeployment) + "=" + name;
  auto listed = co_await client->list(kube::kEvalRuns, ns, options);
  EvalRuns runs;
  if (!listed && (listed.error().code == ErrorCode::NotFound || listed.error().code == ErrorCode::Forbidden))
    co_return runs;
  if (!listed) co_return listed.error();
  for (const std::string& raw : listed->raw_items) {
    auto object = parse_json(raw);
    if (!object) co_return object.error();
    auto parsed = api::EvalRun::parse(*object);
    if (parsed) runs.emplace(kube::parse_meta(*object).name, std::move(*parsed));
  }
  co_return runs;
}

}  // namespace llmops::cli
