#include "cli/status_watch.hpp"

#include <algorithm>
#include <ostream>
#include <vector>

#include "cli/network.hpp"
#include "cli/pod_line.hpp"
#include "cli/release_tree.hpp"
#include "cli/screen.hpp"
#include "cli/status_text.hpp"
#include "crds/base/names.hpp"
#include "operator/kube/cache.hpp"

namespace llmops::cli {
namespace {

constexpr int kTriesInARow = 10;
constexpr Duration kRefresh{1'000};  // of the ages on a terminal; nothing is asked for that

struct SeenRelease {
  kube::ObjectMeta meta;
  Release release;
};

struct SeenRun {
  kube::ObjectMeta meta;
  api::EvalRun record;
};

struct SeenPod {
  kube::ObjectMeta meta;
  PodLine line;
};

Result<SeenRelease> project_release(std::string_view raw) {
  auto object = parse_json(raw);
  if (!object) return object.error();
  auto release = read_release(*object);
  if (!release) return release.error();
  return SeenRelease{kube::parse_meta(*object), std::move(*release)};
}

Result<SeenRun> project_run(std::string_view raw) {
  auto object = parse_json(raw);
  if (!object) return object.error();
  auto record = api::EvalRun::parse(*object);
  if (!record) return record.error();
  return SeenRun{kube::parse_meta(*object), std::move(*record)};
}

Result<SeenPod> project_pod(std::string_view raw) {
  auto object = parse_json(raw);
  if (!object) return object.error();
  return SeenPod{kube::parse_meta(*object), read_pod(*object)};
}

kube::ListOptions named(const std::string& name) {
  kube::ListOptions options;
  if (!name.empty()) options.field_selector = "metadata.name=" + name;
  return options;
}

kube::ListOptions owned_by(const std::string& name) {
  kube::ListOptions options;
  options.label_selector = std::string(names::kModelDeployment) + "=" + name;
  return options;
}

class StatusWatch {
 public:
  StatusWatch(Context& context, const StatusWatchOptions& options, Cluster cluster)
      : context_(context),
        options_(options),
        env_(context.network->env),
        ns_(options.all_namespaces ? std::string() : cluster.ns),
        client_(env_, context.network->transport, std::move(cluster.config)),
        screen_(context),
        releases_(kube::kModelDeployments, ns_, named(options.name), project_release),
        runs_(kube::kEvalRuns, ns_, owned_by(options.name), project_run),
        pods_(kube::kPods, ns_, owned_by(options.name), project_pod) {}

  Task<int> run() {
    start();
    const int code = co_await follow();
    for (auto& task : tasks_) task.cancel();
    for (auto& task : tasks_) co_await task.join();
    co_return code;
  }

 private:
  bool shows_tree() const { return !options_.name.empty() && options_.format == OutputFormat::Text; }

  void start() {
    releases_.on_error([this](const kube::ObjectKey&, const Error& error) { end_with(error); });
    releases_.on_failure([this](const Error& error) { release_trouble(error); });
    begin(releases_, "releases");
    if (!shows_tree()) return;
    runs_.on_failure([this](const Error& error) { other_trouble("EvalRuns", error, runs_.synced()); });
    pods_.on_failure([this](const Error& error) { other_trouble("pods", error, pods_.synced()); });
    begin(runs_, "eval runs");
    begin(pods_, "pods");
  }

  template <class T>
  void begin(kube::Cache<T>& cache, const char* name) {
    cache.listen([this](const auto&, const auto&) { changed(); });
    tasks_.push_back(env_.spawn(name, cache.run(client_)));
    tasks_.push_back(env_.spawn(name, pass_on(cache)));
  }

  // An empty list changes no object, but it is an answer.
  Task<void> pass_on(kube::CacheBase& cache) {
    for (;;) {
      const Wake wake = co_await env_.wait(cache.progress());
      if (wake == Wake::Cancelled) co_return;
      if (&cache == &releases_) troubles_ = 0;
      changed();
    }
  }

  void changed() {
    ++changes_;
    changed_.notify_all();
  }

  void end_with(const Error& error) {
    if (!ended_) ended_ = error;
    changed();
  }

  void release_trouble(const Error& error) {
    ++troubles_;
    const bool hopeless = error.code == ErrorCode::Forbidden || error.code == ErrorCode::Unauthorized ||
                          error.code == ErrorCode::NotFound || !releases_.synced();
    if (hopeless || troubles_ > kTriesInARow) return end_with(error);
    if (troubles_ == 2 && !context_.terminal)
      context_.err << "llmops: " << error.message << "; trying again\n" << std::flush;
  }

  // The rest of the view does without it.
  void other_trouble(const std::string& what, const Error& error, bool known) {
    if (known) return;
    std::string line = what + ": " + error.message;
    if (std::ranges::find(unread_, line) == unread_.end()) unread_.push_back(std::move(line));
    changed();
  }

  bool has_first_answers() const {
    if (!releases_.synced()) return false;
    return !shows_tree() || (runs_.synced() ? 1u : 0u) + (pods_.synced() ? 1u : 0u) + unread_.size() >= 2;
  }

  const Release* only() const {
    return releases_.all().empty() ? nullptr : &releases_.all().begin()->second->release;
  }

  Task<int> follow() {
    const Duration began = env_.uptime();
    for (;;) {
      const std::uint64_t seen = changes_;
      if (ended_) co_return end_with_error(*ended_, context_);
      if (has_first_answers()) {
        if (!options_.name.empty() && !only())
          co_return end_with_error(
              not_there(ns_, options_.name, shown_.empty() ? "found none" : "it was deleted"), context_);
        co_await show();
        if (!context_.out) co_return kGood;  // whoever read us has gone
        if (const auto code = goal_reached()) co_return *code;
      }
      std::optional<Duration> wait;
      if (context_.terminal && shows_tree()) wait = kRefresh;
      if (options_.timeout) {
        const Duration left = *options_.timeout - (env_.uptime() - began);
        if (left <= Duration(0)) co_return end_of_patience();
        wait = wait ? std::min(*wait, left) : left;
      }
      if (seen != changes_) continue;
      const Wake wake = co_await env_.wait(changed_, wait);
      if (wake == Wake::Cancelled) co_return kGood;
    }
  }

  std::optional<int> goal_reached() {
    const Release* release = options_.name.empty() ? nullptr : only();
    const auto code = release && options_.goal ? reached(*release, *options_.goal) : std::nullopt;
    if (code) context_.err << standing_of(*release) << "\n" << std::flush;
    return code;
  }

  int end_of_patience() {
    const Release* release = options_.name.empty() ? nullptr : only();
    context_.err << "llmops: the time is over (--timeout)";
    if (release) context_.err << ": " << release->status.message.value_or("no status yet");
    context_.err << "\n";
    if (!release) {
      context_.err << std::flush;
      return options_.name.empty() ? kGood : kUnmeasured;
    }
    context_.err << standing_of(*release) << "\n" << std::flush;
    const int code = exit_code_of(*release);
    return options_.goal && code == kGood ? kInconclusive : code;
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
    if (options_.name.empty()) return list_text(now);
    const Release& release = *only();
    if (options_.format == OutputFormat::Json) return dump_json(status_json(release, plan_)) + "\n";
    ReleaseScene scene{release, plan_, {}, {}, unread_};
    for (const auto& [key, run] : runs_.all())
      scene.runs.push_back({key.name, run->meta.creation_timestamp, run->record});
    for (const auto& [key, pod] : pods_.all()) scene.pods.push_back(pod->line);
    return release_scene_text(scene, now);
  }

  std::string list_text(Timestamp now) const {
    std::vector<Release> releases;
    for (const auto& [key, seen] : releases_.all()) releases.push_back(seen->release);
    if (options_.format == OutputFormat::Json) return status_list_json(releases);
    return releases.empty() ? "" : status_table(releases, options_.all_namespaces, now);
  }

  // Elsewhere than on a terminal only when something but the time has changed.
  Task<void> show() {
    const Release* release = options_.name.empty() ? nullptr : only();
    if (release) {
      const auto kept = releases_.all().begin()->second;  // it may be replaced meanwhile
      co_await read_plan_of(&kept->release);
      if (!only()) co_return;
    }
    const Timestamp now = context_.now();
    if (shown_.empty()) first_ = now;
    std::string compared = text(first_) + " ";
    const bool same = compared == shown_;
    if (same && !(context_.terminal && shows_tree())) co_return;
    shown_ = std::move(compared);
    if (options_.format == OutputFormat::Json) {
      context_.out << text(now) << std::flush;
      co_return;
    }
    if (options_.name.empty() && releases_.all().empty())
      screen_.show("No ModelDeployments found" + (ns_.empty() ? "" : " in namespace " + ns_) + ".\n");
    else
      screen_.show(text(now));
  }

  Context& context_;
  const StatusWatchOptions& options_;
  Env& env_;
  std::string ns_;
  kube::Client client_;
  Screen screen_;
  kube::Cache<SeenRelease> releases_;
  kube::Cache<SeenRun> runs_;
  kube::Cache<SeenPod> pods_;
  std::vector<TaskHandle> tasks_;
  Notify changed_;
  std::uint64_t changes_ = 0;
  std::optional<Error> ended_;
  int troubles_ = 0;  // in a row
  std::vector<std::string> unread_;
  kube::ObjectKey plan_key_;
  std::optional<std::vector<api::CanaryStep>> plan_;
  Timestamp first_{};
  std::string shown_;
};

}  // namespace

Error not_there(const std::string& ns, const std::string& name, const std::string& found) {
  return {ErrorCode::NotFound, "ModelDeployment " + name + " in namespace " + ns + ": " + found};
}

Task<int> watch_status(Context& context, const StatusWatchOptions& options, Cluster cluster) {
  StatusWatch watch(context, options, std::move(cluster));
  const int code = co_await watch.run();
  co_return code;
}

}  // namespace llmops::cli
