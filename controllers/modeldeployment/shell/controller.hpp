// The shell around decide(): observes, lets it decide, carries it out.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <set>
#include <string>

#include "controllers/modeldeployment/core/decide.hpp"
#include "controllers/modeldeployment/core/target.hpp"
#include "controllers/modeldeployment/shell/caches.hpp"
#include "operator/kube/client.hpp"
#include "operator/platform/transport.hpp"
#include "operator/runtime/controller.hpp"
#include "operator/runtime/events.hpp"
#include "operator/runtime/metrics.hpp"

namespace llmops::release {

// Live reads of immutable records, kept by UID: all that so many releases at a time need, pass after pass.
class RecordContents {
 public:
  explicit RecordContents(std::size_t concurrent_releases);
  const Json* find(const std::string& uid);
  void keep(std::string uid, Json data);

 private:
  std::size_t most_;
  std::list<std::pair<std::string, Json>> recent_;  // most recent first, at most so many
};

struct ControllerOptions {
  std::string image;  // of gateways and evaluators
  std::vector<std::string> image_pull_secrets;
  Protection protection;
  std::size_t max_concurrent_releases = 10;
  // Asks for a gate whose golden set is not the one that was validated; absent: it is noticed later.
  std::function<void(const kube::ObjectKey&)> validate_gate_again;
};

class ModelDeploymentController final : public Controller {
 public:
  ModelDeploymentController(Env& env, kube::Client& client, Transport& transport, Caches& caches,
                            OwnWrites& own_writes, EventRecorder& events, Metrics& metrics,
                            ControllerOptions options);

  std::string name() const override { return "modeldeployment"; }
  void watch(WorkQueue& queue) override;
  Task<Result<ReconcileOutcome>> reconcile(kube::ObjectKey key) override;

 private:
  // observe.cpp
  Task<Result<Observed>> observe(const controllers::Cached<api::ModelDeployment>& object);
  void observe_children(Observed& observed);
  void resolve_prompt(Observed& observed);
  void compare_prompts(Observed& observed);
  void resolve_guardrails(Observed& observed);
  void resolve_gates(Observed& observed);
  Task<Result<void>> read_contents(Observed& observed);
  Task<Result<void>> read_datasets(Observed& observed, const Target& target);
  // fleet.cpp
  void take_turn(Observed& observed, const Target& target);
  void wake_the_queue(WorkQueue& queue);
  Task<Result<Json>> record_data(kube::ObjectMeta meta);
  // reports.cpp
  // Forgets those of foreign_ that have gone, or have become ours.
  Task<Result<void>> look_at_foreign(kube::ObjectKey owner, std::string uid);
  Task<Result<void>> pull_reports(Observed& observed);
  Task<void> ask_gateways(Observed& observed, std::set<std::string>& asked);
  Task<Result<void>> call_the_roll(Observed& observed);
  Task<void> pull_report(const PodState& pod, Observed& observed);
  void keep_counts(const Observed& observed);
  void recall_counts(Observed& observed) const;
  void note_silence(Observed& observed);
  // act.cpp
  Task<Result<void>> act(const Observed& observed, const Action& action);
  Task<Result<void>> create(const Observed& observed, const Create& action);
  Task<Result<void>> replace(const Observed& observed, const Replace& action);
  Task<Result<void>> scale(const Observed& observed, const Scale& action);
  Task<Result<void>> annotate(const Observed& observed, const Annotate& action);
  Task<Result<void>> remove(const Observed& observed, const Delete& action);
  Task<Result<void>> record(const Observed& observed, const Record& action);
  Task<Result<void>> persist(const Observed& observed, const Transition& transition);
  void record_write(const Observed& observed, const kube::ResourceType& type, const Json& written);
  Task<Result<ReconcileOutcome>> sweep_records(kube::ObjectKey key);
  void tell(const Observed& observed, const std::vector<Note>& notes);

  Env& env_;
  kube::Client& client_;
  Transport& transport_;
  Caches& caches_;
  OwnWrites& own_writes_;
  EventRecorder& events_;
  Metrics& metrics_;
  ControllerOptions options_;
  RecordContents contents_;
  // Names of ours that another's object has, as last met; no cache keeps such objects.
  struct Foreign {
    kube::ResourceType type;
    ChildState state;
  };
  std::map<kube::ObjectKey, std::map<std::string, Foreign>> foreign_;
  std::map<kube::ObjectKey, Timestamp> last_status_write_;
  // Since when a reference waits for its own controller to look at it.
  std::map<kube::ObjectKey, Timestamp> pending_since_;
  std::map<kube::ObjectKey, Timestamp> gone_since_;  // ModelDeployments that left records behind
  std::map<kube::ObjectKey, Derived> derived_;       // of releases that are under way
  // By pod UID, the last of each gateway while live gates count.
  std::map<kube::ObjectKey, std::map<std::string, wire::GatewayReport>> told_reports_;
  // By pod UID, the uptime since which it does not answer, likewise.
  std::map<kube::ObjectKey, std::map<std::string, Duration>> silent_since_;
  std::set<kube::ObjectKey> starting_;  // runs that this process started and has not seen yet
};

}  // namespace llmops::release
