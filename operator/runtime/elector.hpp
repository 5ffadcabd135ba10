// Leader election by a coordination.k8s.io Lease.
#pragma once

#include <functional>
#include <string>

#include "operator/kube/client.hpp"

namespace llmops {

// The times of client-go. A lease is not a fence: every write that matters carries a precondition of its
// own. Time is counted from *before* a renewal is sent, on a clock that does not jump; another's lease is
// judged by locally observed change, never by comparing its timestamps with our clock.
struct ElectorOptions {
  std::string ns;
  std::string name = "llmops-operator";
  std::string identity;  // pod name + random suffix
  Duration lease_duration{15'000};
  Duration renew_deadline{10'000};
  Duration retry_period{2'000};
};

class Elector {
 public:
  Elector(Env& env, kube::Client client, ElectorOptions options);

  // Tries for ever; calls `on_started` once when elected. Returns when cancelled, or when the lease was lost
  // (then leading() is false and the caller ends its work at once).
  Task<void> run(std::function<void()> on_started);
  bool leading() const { return leading_; }
  // How long work may still go on without a renewal.
  Duration remaining() const;
  // After all work and run() have ended: gives the lease up so that another need not wait for it. From a task
  // that was not cancelled itself.
  Task<void> release();

 private:
  Task<Result<bool>> try_acquire_or_renew();
  Task<Result<bool>> write(Json lease);
  void observe(const Json& lease);
  bool held_by_another() const;
  Duration request_limit() const;

  Env& env_;
  kube::Client client_;
  ElectorOptions options_;
  bool leading_ = false;
  Duration renewed_at_{0};       // uptime() before the last successful write was sent
  Json lease_;                   // the lease as last seen; null when unknown
  std::string observed_record_;  // its text, to notice change
  Duration observed_at_{0};
};

}  // namespace llmops
