// llmops status: releases in a cluster, and how they go on.
#include <CLI/CLI.hpp>
#include <map>
#include <ostream>

#include "cli/cluster.hpp"
#include "cli/network.hpp"
#include "cli/output_format.hpp"
#include "cli/status_text.hpp"
#include "cli/verbs.hpp"
#include "operator/kube/object.hpp"

namespace llmops::cli {
namespace {

constexpr Duration kPauseAfterTrouble{1'000};
constexpr int kTriesInARow = 10;
constexpr const char* kClearScreen = "\x1b[2J\x1b[H";

struct Wanted {
  std::string name;  // empty: all
  bool all_namespaces = false;
  bool watch = false;
  OutputFormat format = OutputFormat::Text;
};

// One call of the verb.
class StatusView {
 public:
  StatusView(Context& context, const Wanted& wanted, Cluster cluster)
      : context_(context),
        wanted_(wanted),
        ns_(wanted.all_namespaces ? std::string() : cluster.ns),
        client_(context.network->env, context.network->transport, std::move(cluster.config)) {}

  Task<int> run() {
    auto version = co_await read_all();
    if (!version) co_return end_with_error(version.error(), context_);
    if (!wanted_.name.empty() && objects_.empty()) co_return end_with_error(gone("found none"), context_);
    co_await show();
    if (!wanted_.watch) co_return kGood;
    int troubles = 0;
    for (;;) {
      auto followed = co_await follow(*version);
      if (!followed) {
        if (followed.error().code == ErrorCode::NotFound)
          co_return end_with_error(followed.error(), context_);
        if (followed.error().code != ErrorCode::Expired && ++troubles > kTriesInARow)
          co_return end_with_error(followed.error(), context_);
        if (followed.error().code != ErrorCode::Expired) {
          context_.err << "llmops: " << followed.error().message << "; trying again\n" << std::flush;
          const auto slept = co_await context_.network->env.sleep(kPauseAfterTrouble);
          if (!slept) co_return kGood;
        }
        auto again = co_await read_all();
        if (!again && again.error().code == ErrorCode::NotFound)
          co_return end_with_error(again.error(), context_);
        if (!again) continue;
        version = std::move(again);
        co_await show();
      } else {
        version = std::move(followed);
      }
      troubles = 0;
      if (!context_.out) co_return kGood;  // whoever read us has gone
    }
  }

 private:
  Error gone(const std::string& found) const {
    return {ErrorCode::NotFound, "ModelDeployment " + wanted_.name + " in namespace " + ns_ + ": " + found};
  }

  kube::ListOptions selection() const {
    kube::ListOptions options;
    if (!wanted_.name.empty()) options.field_selector = "metadata.name=" + wanted_.name;
    return options;
  }

  Task<Result<std::string>> read_all() {
    auto listed = co_await client_.list(kube::kModelDeployments, ns_, selection());
    if (!listed) co_return listed.error();
    objects_.clear();
    for (const std::string& raw : listed->raw_items) {
      auto taken = take(raw);
      if (!taken) co_return taken.error();
    }
    if (!wanted_.name.empty() && objects_.empty() && !shown_.empty()) co_return gone("it was deleted");
    co_return listed->resource_version;
  }

  Result<void> take(const std::string& raw) {
    auto object = parse_json(raw);
    if (!object) return object.error();
    auto release = read_release(*object);
    if (!release) return release.error();
    const kube::ObjectKey key{release->ns, release->name};
    objects_.insert_or_assign(key, std::move(*release));
    return Result<void>();
  }

  // Until the server ends the watch; then the version from which to go on. Expired: read everything again.
  Task<Result<std::string>> follow(std::string version) {
    auto watch = co_await client_.watch(kube::kModelDeployments, ns_, selection(), version);
    if (!watch) co_return watch.error();
    for (;;) {
      auto event = co_await (*watch)->next();
      if (!event) {
        if (event.error().code == ErrorCode::Unavailable) co_return version;
        co_return event.error();
      }
      if (event->type == kube::WatchEvent::Type::Error)
        co_return Error{ErrorCode::Expired, "the watch has to begin again"};
      auto object = parse_json(event->raw_object);
      if (!object) co_return object.error();
      const kube::ObjectMeta meta = kube::parse_meta(*object);
      if (!meta.resource_version.empty()) version = meta.resource_version;
      if (event->type == kube::WatchEvent::Type::Bookmark) continue;
      if (event->type == kube::WatchEvent::Type::Deleted) {
        objects_.erase(meta.key());
        if (!wanted_.name.empty()) co_return gone("it was deleted");
      } else if (auto taken = take(event->raw_object); !taken) {
        co_return taken.error();
      }
      co_await show();
      if (!context_.out) co_return version;
    }
  }

  // The plan of a run never changes, so it is read once.
  Task<void> read_plan_of(const Release* release) {
    if (!release->status.run) co_return;
    const kube::ObjectKey key{release->ns, plan_name(release->name, release->status.run->number)};
    if (plan_key_ == key && plan_) co_return;
    auto object = co_await client_.get(kube::kControllerRevisions, key);
    plan_key_ = key;
    plan_ = object ? read_plan(*object) : std::nullopt;
  }

  std::string text(Timestamp now) const {
    if (wanted_.name.empty()) {
      std::vector<Release> releases;
      Json items = Json::array();
      for (const auto& [key, release] : objects_) {
        if (wanted_.format == OutputFormat::Json)
          items.push_back(status_json(release, std::nullopt));
        else
          releases.push_back(release);
      }
      if (wanted_.format == OutputFormat::Json) return dump_json({{"items", std::move(items)}}) + "\n";
      return releases.empty() ? "" : status_table(releases, wanted_.all_namespaces, now);
    }
    const Release& release = objects_.begin()->second;
    if (wanted_.format == OutputFormat::Json) return dump_json(status_json(release, plan_)) + "\n";
    return status_text(release, plan_, now);
  }

  // Written only when it differs from what was written last, the passing of time aside.
  Task<void> show() {
    if (!wanted_.name.empty()) co_await read_plan_of(&objects_.begin()->second);
    const Timestamp now = context_.now();
    if (shown_.empty()) first_ = now;
    std::string compared = text(first_) + " ";
    if (compared == shown_) co_return;
    const bool again = !shown_.empty();
    shown_ = std::move(compared);
    if (objects_.empty() && wanted_.format == OutputFormat::Text) {
      context_.err << "No ModelDeployments found" << (ns_.empty() ? "" : " in namespace " + ns_) << ".\n";
      co_return;
    }
    if (wanted_.watch && wanted_.format == OutputFormat::Text) {
      if (context_.terminal)
        context_.out << kClearScreen;
      else if (again)
        context_.out << "\n";
    }
    context_.out << text(now) << std::flush;
  }

  Context& context_;
  const Wanted& wanted_;
  std::string ns_;
  kube::Client client_;
  std::map<kube::ObjectKey, Release> objects_;
  kube::ObjectKey plan_key_;
  std::optional<std::vector<api::CanaryStep>> plan_;
  Timestamp first_{};
  std::string shown_;
};

class StatusVerb final : public Verb {
 public:
  std::string name() const override { return "status"; }
  std::string description() const override { return "Show ModelDeployments and how their releases go on"; }
  void add_options(CLI::App& app) override {
    app.add_option("name", wanted_.name, "ModelDeployment (default: a table of all)");
    app.add_flag("-A,--all-namespaces", wanted_.all_namespaces, "those of all namespaces");
    app.add_flag("-w,--watch", wanted_.watch, "go on, and show every change");
    add_output_option(app, wanted_.format);
    add_cluster_options(app, cluster_);
  }

  int run(Context& context) override {
    if (wanted_.all_namespaces && !wanted_.name.empty())
      return end_with_error(
          {ErrorCode::InvalidArgument, "found NAME and --all-namespaces, allowed one of them"}, context);
    auto cluster = find_cluster(cluster_, context);
    if (!cluster) return end_with_error(cluster.error(), context);
    StatusView view(context, wanted_, std::move(*cluster));
    return wait_for(*context.network, view.run());
  }

 private:
  Wanted wanted_;
  ClusterFlags cluster_;
};

}  // namespace

std::unique_ptr<Verb> make_status() {
  return std::make_unique<StatusVerb>();
}

}  // namespace llmops::cli
