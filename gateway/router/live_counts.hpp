// What live gates read: at most one trial a conversation, for the arm that its bucket lies in.
//
// A request is a trial when its turn (the number of user messages; 0: never) is the one that the hash of the
// conversation picks (trial.hpp) and no request of the conversation has been one here. That memory is bounded
// (seen_hashes.hpp) and each gateway's own: a turn that comes again may count once in each replica, and again
// when 65,536 other conversations came between. A retry of a trial that failed is no second one.
//
// When each metric is decided, and what makes its trial and event:
//   error-rate, block-rate, refusal-rate  at the end: whatever was answered or failed is a trial; a client's
//                         error, and a client who left, are none. An answer of another arm (a fallback by
//                         stable) is an error. What a guardrail ended counts as refused too, as in the
//                         evaluator's `refusal`.
//   ttft                  at min(first token, threshold): a request that stalls is an event as soon as the
//                         threshold has passed. One that failed, or whose client left, before both is no
//                         trial: errors are counted as errors, and as a quick "no event" they would make a
//                         failing arm look fast.
//   latency               at min(end, threshold), and for the same reason only of what was answered.
//   tokens, cost          at the end, of answers whose engine told its usage.
//   thumbs-down           the trial when the answer begins and its feedback id is handed out; its event
//                         within 10 minutes of the slot's start, after which the slot closes for it.
// ttft, latency, tokens and cost are counted only for revisions with a threshold. A request that is assigned
// anew to another revision (a new configuration, while it waited) is no trial of either, but for what was
// decided before.
//
// Across replicas: the operator adds them up, slot by slot. An event of thumbs-down may be counted by another
// replica than its trial, so one replica may tell more events than trials; the sum never does, unless a pod
// was lost together with its last trials. Whoever adds up must wait for the closedThrough of all replicas,
// and hold events to at most the trials.
//
// The wall clock gives slots and tells stalls; durations of what ended come from the caller's steady clock. A
// step of the wall clock can make requests in flight look stalled, and after a step back nothing is counted
// until the slots that were already closed have passed.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crds/base/time.hpp"
#include "crds/wire/gateway_config.hpp"
#include "gateway/router/distributions.hpp"
#include "gateway/router/live_metric.hpp"
#include "gateway/router/outcome.hpp"
#include "gateway/router/seen_hashes.hpp"
#include "gateway/router/slot_ledger.hpp"

namespace llmops::gateway {

// A trial of one request, undecided metrics and all; part of the request, so nothing is allocated for it.
struct LiveTrial {
  bool considered = false;  // whether it is one has been settled, for good
  bool active = false;
  bool own = true;  // its arm answers itself
  RevisionKey revision{};
  LiveLimits limits;
  Timestamp started;
  Timestamp slot;
  LiveMetricSet undecided;
  bool offered = false;  // its feedback id was handed out
};

class LiveCounts {
 public:
  // `storage`: of SlotLedger::bytes_needed() bytes, or empty; `owner`: whose counts they are (a pod's UID).
  LiveCounts(std::span<std::byte> storage, std::string_view owner) : ledger_(storage, owner) {}

  struct Assignment {
    std::string_view salt;
    std::string_view conversation_key;
    int turn = 0;
    std::string_view revision_hash;  // whole, of the assigned arm
    const LiveLimits& limits;
    bool own = true;  // false: another arm answers
  };
  // The request has met an arm, for the first time or again. `trial.started` is set.
  void assign(LiveTrial& trial, const Assignment& assignment);
  void first_token(LiveTrial& trial, Duration took);
  // Decides what has passed its threshold by now.
  void look_at(LiveTrial& trial, Timestamp now);
  void end(LiveTrial& trial, const RequestEnd& end);
  // The answer begins. True: its feedback counts.
  bool offer_feedback(LiveTrial& trial, Timestamp now);
  // Feedback on the answer to a trial. False: it came too late.
  bool add_thumbs_down(Timestamp slot, const RevisionKey& revision, Timestamp now);

  // No trial begins from now on, so that the slot of now can be closed too. Thumbs-down closes with it: later
  // feedback reaches other gateways, so what this one has counted of it stays as it is.
  void stop() { stopped_ = true; }
  // Closes what can be closed; before it, look_at() all trials that run.
  void close(Timestamp now);

  const SlotLedger& ledger() const { return ledger_; }

 private:
  bool begin(LiveTrial& trial, const Assignment& assignment);
  void decide(LiveTrial& trial, LiveMetric metric, bool event);
  void decide_by_limit(LiveTrial& trial, LiveMetric metric, std::int64_t value);
  void withdraw(LiveTrial& trial, LiveMetric metric);
  void withdraw_all(LiveTrial& trial);

  SlotLedger ledger_;
  SeenHashes conversations_;
  bool stopped_ = false;
};

}  // namespace llmops::gateway
