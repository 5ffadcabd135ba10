// The shell around evalgate/core: reads the golden set, writes one status.
#pragma once

#include <map>
#include <string>

#include "controllers/shared/cached.hpp"
#include "crds/api/eval_gate.hpp"
#include "operator/kube/cache.hpp"
#include "operator/runtime/controller.hpp"
#include "operator/runtime/events.hpp"

namespace llmops::evalgate {

// A golden set is read when its gate changes and again after this long: ConfigMaps of users are not cached,
// since one may hold a megabyte. One that is missing or broken is looked at sooner, after kLookSoon doubling
// to kLookAgain: it may be on its way in the same `kubectl apply`.
inline constexpr Duration kLookAgain{300'000};
inline constexpr Duration kLookSoon{2'000};

// The program owns the caches; others may read them too.
struct Caches {
  kube::Cache<controllers::Cached<api::EvalGate>>& eval_gates;
};

class EvalGateController final : public Controller {
 public:
  EvalGateController(Env& env, kube::Client& client, Caches caches, OwnWrites& own_writes,
                     EventRecorder& events);

  std::string name() const override { return "evalgate"; }
  Task<Result<ReconcileOutcome>> reconcile(kube::ObjectKey key) override;
  void watch(WorkQueue& queue) override;
  // Has the golden set of this gate looked at now: for whoever finds that it is not what the status says.
  void look_again(const kube::ObjectKey& gate);

 private:
  // What the last pass looked at, and when the next one is due: the same again gives the same answer, and the
  // statistics of a large set take a while.
  struct Judged {
    std::string looked_at;
    Duration next{0};  // from that pass
  };
  ReconcileOutcome remember(const kube::ObjectKey& key, Judged judged);

  Env& env_;
  kube::Client& client_;
  Caches caches_;
  OwnWrites& own_writes_;
  EventRecorder& events_;
  WorkQueue* queue_ = nullptr;  // the manager's, from watch() on
  std::map<kube::ObjectKey, Judged> judged_;
};

}  // namespace llmops::evalgate
