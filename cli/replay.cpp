// llmops replay: the verdict of a live EvalRun once more, from the counts that it recorded.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "cli/cluster.hpp"
#include "cli/files.hpp"
#include "cli/network.hpp"
#include "cli/output_format.hpp"
#include "cli/value_names.hpp"
#include "cli/verbs.hpp"
#include "cli/verdict_line.hpp"
#include "cli/yaml.hpp"
#include "crds/api/eval_run.hpp"
#include "crds/base/json.hpp"
#include "crds/base/text.hpp"
#include "evaluator/live/evidence.hpp"
#include "operator/kube/resource.hpp"

namespace llmops::cli {
namespace {

using Phase = api::EvalRunPhase;

constexpr std::size_t kMaxMessageBytes = 2048;  // of the CRD

Task<Result<Json>> get_eval_run(kube::Client* client, kube::ObjectKey key) {
  auto object = co_await client->get(kube::kEvalRuns, key);
  if (!object && object.error().code == ErrorCode::NotFound)
    co_return Error{ErrorCode::NotFound, "there is no EvalRun " + key.name + " in namespace " + key.ns};
  co_return object;
}

struct Replay {
  std::string name;
  api::EvalRunStatus recorded;
  api::EvalRunStatus again;
  std::vector<std::string> differences;
};

std::string told(const Json* value) {
  return value ? dump_json(*value) : "nothing";
}

const Json* member(const Json& object, const std::string& name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

void compare(const std::string& field, const Json* recorded, const Json* again,
             std::vector<std::string>& differences) {
  if (recorded && again && recorded->is_object() && again->is_object()) {
    std::set<std::string> names;
    for (const Json* one : {recorded, again})
      for (const auto& [name, value] : one->items()) names.insert(name);
    for (const std::string& name : names)
      compare(field + "." + name, member(*recorded, name), member(*again, name), differences);
  } else if (recorded && again && recorded->is_array() && again->is_array()) {
    for (std::size_t i = 0; i < std::max(recorded->size(), again->size()); ++i)
      compare(field + "[" + std::to_string(i) + "]", i < recorded->size() ? &(*recorded)[i] : nullptr,
              i < again->size() ? &(*again)[i] : nullptr, differences);
  } else if (told(recorded) != told(again)) {
    differences.push_back(field + ": recorded " + told(recorded) + ", recomputed " + told(again));
  }
}

// What holds counts back stands behind the judge's words, and was not recorded apart from them.
void compare_messages(Replay& replay) {
  const std::string recorded = replay.recorded.message.value_or("");
  const std::string again = clip(replay.again.message.value_or(""), kMaxMessageBytes);
  if (again.size() == kMaxMessageBytes || recorded.starts_with(again)) return;
  replay.differences.push_back("status.message: recorded " + Json(recorded).dump() + ", recomputed " +
                               Json(again).dump());
}

// What the operator judged by: when the status was written, and whether the run could end by more than harm.
Result<Replay> replay_of(const Json& object) {
  Replay replay;
  replay.name = string_at(object, "metadata.name");
  const std::string context = "EvalRun " + replay.name;
  auto run = api::EvalRun::parse(object);
  if (!run) return with_context(run.error(), context);
  if (!run->spec.live)
    return Error{ErrorCode::InvalidArgument,
                 context +
                     (run->spec.prometheus ? ": found one that asks Prometheus" : ": found an offline one") +
                     ", allowed one with spec.live (the answers of others "
                     "are not kept; llmops compare judges those that you have)"};
  if (!run->status || !run->status->live || !run->status->phase)
    return Error{ErrorCode::InvalidArgument, context +
                                                 ": status.live: found nothing, allowed what a live "
                                                 "gate has counted"};
  replay.recorded = *run->status;
  replay.again = *run->status;
  const Phase phase = *replay.recorded.phase;
  const bool over = phase != Phase::Pending && phase != Phase::Running;
  // Nothing was judged any more when its release went on: what stands there is what was told last.
  const bool left = replay.recorded.message.value_or("").starts_with(live::kLeft);
  if (left) {
    std::string& message = *replay.recorded.message;
    message.erase(0, std::min(message.size(), live::kLeft.size() + live::kSoFar.size()));
    replay.recorded.phase = Phase::Running;
  }
  const auto told = over && !left && replay.recorded.completed_at ? replay.recorded.completed_at
                                                                  : replay.recorded.live->told_at;
  replay.again.phase = Phase::Running;
  live::conclude(*run->spec.live, told.value_or(replay.recorded.live->began_at),
                 !left && (over || !run->spec.background.value_or(false)), replay.again);
  const Json recorded = replay.recorded.to_json(), again = replay.again.to_json();
  for (const char* field : {"phase", "live", "metrics"})
    compare(std::string("status.") + field, member(recorded, field), member(again, field),
            replay.differences);
  compare_messages(replay);
  return replay;
}

class ReplayVerb final : public Verb {
 public:
  std::string name() const override { return "replay"; }
  std::string description() const override {
    return "Judge a live EvalRun again by what it recorded, and say whether that is the same";
  }
  void add_options(CLI::App& app) override {
    app.add_option("name", name_, "EvalRun; in a cluster, or among those of --file");
    app.add_option("-f,--file", file_,
                   "file or folder with the EvalRun, - for standard input; no cluster is asked")
        ->type_name(kFileValue);
    add_output_option(app, format_);
    add_cluster_options(app, cluster_);
  }

  int run(Context& context) override {
    if (name_.empty() && file_.empty())
      return end_with_usage(
          {ErrorCode::InvalidArgument, "found neither a name nor --file, allowed one or both"}, context);
    auto object = file_.empty() ? from_cluster(context) : from_file(context.in);
    if (!object) return end_with_error(object.error(), context);
    auto replay = replay_of(*object);
    if (!replay) return end_with_usage(replay.error(), context);
    tell(*replay, context.out);
    context.out << std::flush;
    const bool same = replay->differences.empty();
    context.err << (same ? "equal" : "different") << "\n" << std::flush;
    return same ? kGood : kBad;
  }

 private:
  Result<Json> from_cluster(Context& context) const {
    auto cluster = find_cluster(cluster_, context);
    if (!cluster) return cluster.error();
    kube::Client client(context.network->env, context.network->transport, std::move(cluster->config));
    return wait_for(*context.network, get_eval_run(&client, {cluster->ns, name_}));
  }

  Result<Json> from_file(std::istream& in) const {
    auto texts = read_manifests(file_, in);
    if (!texts) return texts.error();
    std::vector<Json> found;
    for (const NamedText& text : *texts) {
      auto documents = parse_yaml(text.text);
      if (!documents) return with_context(documents.error(), text.name);
      for (Json& object : *documents)
        if (object.is_object() && string_at(object, "kind") == "EvalRun" &&
            (name_.empty() || string_at(object, "metadata.name") == name_))
          found.push_back(std::move(object));
    }
    if (found.size() != 1)
      return Error{ErrorCode::InvalidArgument, file_ + ": found " + std::to_string(found.size()) +
                                                   " EvalRuns" + (name_.empty() ? "" : " named " + name_) +
                                                   ", allowed one (choose by its name)"};
    return std::move(found.front());
  }

  void tell(const Replay& replay, std::ostream& out) const {
    const std::string recorded(to_string(*replay.recorded.phase)), again(to_string(*replay.again.phase));
    if (format_ == OutputFormat::Json) {
      out << dump_json({{"name", replay.name},
                        {"recorded", recorded},
                        {"recomputed", again},
                        {"equal", replay.differences.empty()},
                        {"differences", replay.differences},
                        {"message", replay.again.message.value_or("")}})
          << "\n";
      return;
    }
    out << replay.name << ": recorded " << recorded << ", recomputed " << again << "\n"
        << replay.again.message.value_or("") << "\n";
    for (const std::string& difference : replay.differences) out << difference << "\n";
  }

  std::string name_;
  std::string file_;
  ClusterFlags cluster_;
  OutputFormat format_ = OutputFormat::Text;
};

}  // namespace

std::unique_ptr<Verb> make_replay() {
  return std::make_unique<ReplayVerb>();
}

}  // namespace llmops::cli
