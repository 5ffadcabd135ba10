// llmops status: releases in a cluster, and how they go on.
#include <CLI/CLI.hpp>
#include <map>
#include <ostream>

#include "cli/cluster.hpp"
#include "cli/eval_runs.hpp"
#include "cli/live_text.hpp"
#include "cli/network.hpp"
#include "cli/output_format.hpp"
#include "cli/release_goal.hpp"
#include "cli/status_text.hpp"
#include "cli/status_watch.hpp"
#include "cli/value_names.hpp"
#include "cli/verbs.hpp"

namespace llmops::cli {
namespace {

constexpr const char* kFooter =
    "Exit status of one: 0 Healthy; 1 Degraded, RolledBack, or it does not exist; 3 still under way, "
    "waiting, or\n"
    "not yet seen by the operator; 4 the cluster does not answer. The phase is the last line of standard "
    "error.\n"
    "With --until: 0 reached; 1 something else became of the release; 3 the time is over before that.\n"
    "A table: 0.";

Task<Result<std::vector<Release>>> read_releases(kube::Client* client, std::string ns, std::string name) {
  kube::ListOptions options;
  if (!name.empty()) options.field_selector = "metadata.name=" + name;
  auto listed = co_await client->list(kube::kModelDeployments, std::move(ns), options);
  if (!listed) co_return listed.error();
  std::vector<Release> releases;
  for (const std::string& raw : listed->raw_items) {
    auto object = parse_json(raw);
    if (!object) co_return object.error();
    auto release = read_release(*object);
    if (!release) co_return release.error();
    releases.push_back(std::move(*release));
  }
  co_return releases;
}

Task<std::optional<std::vector<api::CanaryStep>>> read_plan_of(kube::Client* client, Release release) {
  if (!release.status.run) co_return std::nullopt;
  const kube::ObjectKey key{release.ns, plan_name(release.name, release.status.run->number)};
  auto object = co_await client->get(kube::kControllerRevisions, key);
  co_return object ? read_plan(*object) : std::nullopt;
}

class StatusVerb final : public Verb {
 public:
  std::string name() const override { return "status"; }
  std::string description() const override { return "Show ModelDeployments and how their releases go on"; }
  void add_options(CLI::App& app) override {
    static const std::map<std::string, Goal> kGoals = {{"promoted", Goal::Promoted},
                                                       {"healthy", Goal::Healthy},
                                                       {"rolled-back", Goal::RolledBack},
                                                       {"settled", Goal::Settled}};
    app.add_option("name", wanted_.name, "ModelDeployment (default: a table of all)")
        ->type_name(kModelDeploymentValue);
    app.add_flag("-A,--all-namespaces", wanted_.all_namespaces, "those of all namespaces");
    app.add_flag("-w,--watch", watch_,
                 "go on, and show every change: one as a tree with its pods and EvalRuns");
    app.add_option(
           "--until", wanted_.goal,
           "watch until the release is promoted (its bake may go on), healthy (the bake is over too), "
           "rolled-back, or settled (any end)")
        ->transform(CLI::CheckedTransformer(kGoals).description("promoted|healthy|rolled-back|settled"));
    app.add_option("--timeout", timeout_, "watch at most so long, for instance 90s or 30m");
    add_output_option(app, wanted_.format);
    add_cluster_options(app, cluster_);
    app.footer(kFooter);
  }

  int run(Context& context) override {
    if (auto checked = check(); !checked) return end_with_error(checked.error(), context);
    auto cluster = find_cluster(cluster_, context);
    if (!cluster) return end_with_error(cluster.error(), context);
    if (watch_ || wanted_.goal)
      return wait_for(*context.network, watch_status(context, wanted_, std::move(*cluster)));
    return show(context, std::move(*cluster));
  }

 private:
  Result<void> check() {
    if (wanted_.all_namespaces && !wanted_.name.empty())
      return Error{ErrorCode::InvalidArgument, "found NAME and --all-namespaces, allowed one of them"};
    if (wanted_.goal && wanted_.name.empty())
      return Error{ErrorCode::InvalidArgument, "--until: allowed with NAME"};
    if (timeout_.empty()) return {};
    if (!watch_ && !wanted_.goal)
      return Error{ErrorCode::InvalidArgument, "--timeout: allowed with --watch or --until"};
    auto timeout = parse_duration(timeout_);
    if (!timeout) return with_context(timeout.error(), "--timeout");
    wanted_.timeout = *timeout;
    return {};
  }

  int show(Context& context, Cluster cluster) const {
    const std::string ns = wanted_.all_namespaces ? std::string() : cluster.ns;
    kube::Client client(context.network->env, context.network->transport, std::move(cluster.config));
    const auto releases = wait_for(*context.network, read_releases(&client, ns, wanted_.name));
    if (!releases) return end_with_error(releases.error(), context);
    if (wanted_.name.empty()) return show_all(context, *releases, ns);
    if (releases->empty()) return end_with_error(not_there(ns, wanted_.name, "found none"), context);
    const Release& release = releases->front();
    const auto plan = wait_for(*context.network, read_plan_of(&client, release));
    if (wanted_.format == OutputFormat::Json) {
      context.out << dump_json(status_json(release, plan)) << "\n" << std::flush;
    } else {
      EvalRuns runs;
      if (release.status.run)
        if (auto read = wait_for(*context.network, read_eval_runs(&client, release.ns, release.name)))
          runs = std::move(*read);
      context.out << status_text(release, plan, context.now()) << live_gates_text(release, runs)
                  << std::flush;
    }
    context.err << standing_of(release) << "\n" << std::flush;
    return exit_code_of(release);
  }

  int show_all(Context& context, const std::vector<Release>& releases, const std::string& ns) const {
    if (wanted_.format == OutputFormat::Json)
      context.out << status_list_json(releases);
    else if (releases.empty())
      context.err << "No ModelDeployments found" << (ns.empty() ? "" : " in namespace " + ns) << ".\n";
    else
      context.out << status_table(releases, wanted_.all_namespaces, context.now());
    return kGood;
  }

  StatusWatchOptions wanted_;
  bool watch_ = false;
  std::string timeout_;
  ClusterFlags cluster_;
};

}  // namespace

std::unique_ptr<Verb> make_status() {
  return std::make_unique<StatusVerb>();
}

}  // namespace llmops::cli
