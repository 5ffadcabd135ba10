// llmops history: the releases of a ModelDeployment, the latest first.
#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/cluster.hpp"
#include "cli/moments.hpp"
#include "cli/network.hpp"
#include "cli/output_format.hpp"
#include "cli/release.hpp"
#include "cli/table.hpp"
#include "cli/value_names.hpp"
#include "cli/verbs.hpp"

namespace llmops::cli {
namespace {

std::string text_of(const api::ModelDeploymentStatus& status, Timestamp now) {
  Table table({"REVISION", "OUTCOME", "CHANGED", "DECIDED BY", "ENDED", "WHY"});
  for (const auto& entry : status.history)
    table.add({std::to_string(entry.revision), std::string(to_string(entry.outcome)),
               parts_text(entry.changed), entry.decided_by, ago(entry.end_time, now),
               entry.message.value_or("")});
  return table.text();
}

class HistoryVerb final : public Verb {
 public:
  std::string name() const override { return "history"; }
  std::string description() const override { return "List the releases that have ended"; }
  void add_options(CLI::App& app) override {
    app.add_option("name", name_, "ModelDeployment")->type_name(kModelDeploymentValue)->required();
    add_output_option(app, format_);
    add_cluster_options(app, cluster_);
  }

  int run(Context& context) override {
    auto cluster = find_cluster(cluster_, context);
    if (!cluster) return end_with_error(cluster.error(), context);
    kube::Client client(context.network->env, context.network->transport, std::move(cluster->config));
    const kube::ObjectKey key{cluster->ns, name_};
    const auto release = wait_for(*context.network, get_release(client, key));
    if (!release) return end_with_error(release.error(), context);
    if (format_ == OutputFormat::Json) {
      Json items = Json::array();
      for (const auto& entry : release->status.history) items.push_back(entry.to_json());
      context.out << dump_json({{"namespace", key.ns}, {"name", name_}, {"items", std::move(items)}}) << "\n";
      return kGood;
    }
    if (release->status.history.empty())
      context.out << "No release of " << name_ << " has ended yet.\n";
    else
      context.out << text_of(release->status, context.now());
    return kGood;
  }

 private:
  std::string name_;
  OutputFormat format_ = OutputFormat::Text;
  ClusterFlags cluster_;
};

}  // namespace

std::unique_ptr<Verb> make_history() {
  return std::make_unique<HistoryVerb>();
}

}  // namespace llmops::cli
