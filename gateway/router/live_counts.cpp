#include "gateway/router/live_counts.hpp"

#include <algorithm>
#include <functional>

#include "gateway/router/feedback.hpp"
#include "gateway/router/trial.hpp"

namespace llmops::gateway {
namespace {

constexpr std::array kAlways{LiveMetric::ErrorRate, LiveMetric::BlockRate, LiveMetric::RefusalRate};
constexpr std::array kOfTheAnswer{LiveMetric::Ttft, LiveMetric::Latency, LiveMetric::Tokens,
                                  LiveMetric::Cost};

std::int64_t microseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

std::uint64_t hash_of_conversation(std::string_view salt, std::string_view key) {
  const std::hash<std::string_view> hash;
  return hash(key) ^ (hash(salt) * 0x9E37'79B9'7F4A'7C15u);
}

}  // namespace

std::optional<std::int64_t> LiveLimits::cost_of(const RequestEnd& end) const {
  if (!prices || !end.input_tokens || !end.output_tokens) return std::nullopt;
  const double sum = static_cast<double>(*end.input_tokens) * static_cast<double>(prices->input) +
                     static_cast<double>(*end.output_tokens) * static_cast<double>(prices->output);
  return static_cast<std::int64_t>(std::clamp(sum / 1e6, 0.0, 1e15));
}

bool LiveCounts::begin(LiveTrial& trial, const Assignment& assignment) {
  if (stopped_ || assignment.turn <= 0) return false;
  if (trial_turn(assignment.salt, assignment.conversation_key) != assignment.turn) return false;
  const auto key = revision_key(assignment.revision_hash);
  if (!key || !conversations_.add(hash_of_conversation(assignment.salt, assignment.conversation_key)))
    return false;
  trial.revision = *key;
  trial.limits = assignment.limits;
  trial.slot = SlotLedger::slot_start(trial.started);
  for (const LiveMetric metric : kAllLiveMetrics) {
    const bool always = std::find(kAlways.begin(), kAlways.end(), metric) != kAlways.end();
    if ((always || trial.limits.of(metric)) && ledger_.expect(trial.slot, metric))
      trial.undecided.add(metric);
  }
  return true;
}

void LiveCounts::assign(LiveTrial& trial, const Assignment& assignment) {
  if (!trial.considered) {
    trial.considered = true;
    trial.active = begin(trial, assignment);
  } else if (trial.active && revision_key(assignment.revision_hash) != trial.revision) {
    withdraw_all(trial);
  }
  if (!trial.active) return;
  trial.own = assignment.own;
  if (!trial.own)
    for (const LiveMetric metric : kOfTheAnswer) withdraw(trial, metric);
}

void LiveCounts::first_token(LiveTrial& trial, Duration took) {
  if (trial.active) decide_by_limit(trial, LiveMetric::Ttft, microseconds(took));
}

void LiveCounts::look_at(LiveTrial& trial, Timestamp now) {
  if (!trial.active) return;
  const std::int64_t so_far = microseconds(now - trial.started);
  for (const LiveMetric metric : {LiveMetric::Ttft, LiveMetric::Latency})
    if (const auto& limit = trial.limits.of(metric); limit && so_far > *limit) decide(trial, metric, true);
}

void LiveCounts::end(LiveTrial& trial, const RequestEnd& end) {
  if (!trial.active) return;
  Outcome outcome = end.outcome;
  const bool counts = outcome != Outcome::ClientError && outcome != Outcome::ClientGone;
  // What another arm had to answer is an error of the one that should have.
  if (counts && !trial.own) outcome = Outcome::Error;
  if (counts) {
    decide(trial, LiveMetric::ErrorRate, outcome == Outcome::Error);
    decide(trial, LiveMetric::BlockRate, outcome == Outcome::Blocked);
    decide(trial, LiveMetric::RefusalRate,
           outcome == Outcome::Blocked || (outcome == Outcome::Success && end.refused));
  }
  const bool answered = outcome == Outcome::Success || outcome == Outcome::Blocked;
  // What a guardrail ended before the engine spoke has no length.
  const bool spoke = outcome == Outcome::Success || end.output_tokens.value_or(0) > 0;
  if (end.took) {
    for (const LiveMetric metric : {LiveMetric::Ttft, LiveMetric::Latency})
      if (const auto& limit = trial.limits.of(metric); limit && microseconds(*end.took) > *limit)
        decide(trial, metric, true);
    if (answered && spoke) decide_by_limit(trial, LiveMetric::Latency, microseconds(*end.took));
  }
  if (answered && end.output_tokens) decide_by_limit(trial, LiveMetric::Tokens, *end.output_tokens);
  if (const auto cost = trial.limits.cost_of(end); answered && cost)
    decide_by_limit(trial, LiveMetric::Cost, *cost);
  withdraw_all(trial);
}

bool LiveCounts::offer_feedback(LiveTrial& trial, Timestamp now) {
  if (trial.offered) return true;
  if (!trial.active || !trial.own || now >= trial.slot + kFeedbackWindow) return false;
  trial.offered = ledger_.add_trial(trial.slot, trial.revision, LiveMetric::ThumbsDown);
  return trial.offered;
}

bool LiveCounts::add_thumbs_down(Timestamp slot, const RevisionKey& revision, Timestamp now) {
  return now < slot + kFeedbackWindow && ledger_.add_event(slot, revision, LiveMetric::ThumbsDown);
}

void LiveCounts::close(Timestamp now) {
  const Timestamp current = SlotLedger::slot_start(now);
  const Timestamp limit = stopped_ ? current + kSlotLength : current;
  for (const LiveMetric metric : kAllLiveMetrics) {
    const bool waits = metric == LiveMetric::ThumbsDown && !stopped_;
    (void)ledger_.close(metric, waits ? SlotLedger::slot_start(now - kFeedbackWindow) + kSlotLength : limit);
  }
}

void LiveCounts::decide(LiveTrial& trial, LiveMetric metric, bool event) {
  if (trial.undecided.take(metric)) ledger_.decide(trial.slot, trial.revision, metric, event);
}

void LiveCounts::decide_by_limit(LiveTrial& trial, LiveMetric metric, std::int64_t value) {
  if (const auto& limit = trial.limits.of(metric)) decide(trial, metric, value > *limit);
}

void LiveCounts::withdraw(LiveTrial& trial, LiveMetric metric) {
  if (trial.undecided.take(metric)) ledger_.withdraw(trial.slot, metric);
}

void LiveCounts::withdraw_all(LiveTrial& trial) {
  for (const LiveMetric metric : kAllLiveMetrics) withdraw(trial, metric);
  trial.active = false;
}

}  // namespace llmops::gateway
