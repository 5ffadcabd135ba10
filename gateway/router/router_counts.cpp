// What the router counts of requests that have met an arm, and what it tells of them.
#include <algorithm>
#include <functional>
#include <utility>

#include "crds/base/digest.hpp"
#include "gateway/router/router.hpp"

namespace llmops::gateway {
namespace {

// Revisions that took part lately; a configuration has at most 8.
constexpr std::size_t kIssuers = 32;

std::uint64_t microseconds(Duration duration) {
  const auto count = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
}

}  // namespace

bool Router::is_trial(RequestId id) const {
  const auto found = requests_.find(id);
  return found != requests_.end() && found->second.trial.active && found->second.trial.own;
}

void Router::on_first_token(RequestId id, Duration took) {
  const auto found = requests_.find(id);
  if (found == requests_.end() || std::exchange(found->second.first_token, true)) return;
  Request& request = found->second;
  counts_.first_token(request.trial, took);
  if (request.revision && !request.evaluation)
    distributions_.add(request.revision->hash, LiveMetric::Ttft, microseconds(took),
                       request.trial.started + took);
}

void Router::on_result(RequestId id, const RequestEnd& end) {
  const auto found = requests_.find(id);
  if (found == requests_.end()) return;
  Request& request = found->second;
  give_back(request);
  leave_queue(id, request);
  counts_.end(request.trial, end);
  if (request.revision && !request.evaluation && request.model && end.outcome == Outcome::Success &&
      end.took) {
    const std::string& hash = request.revision->hash;
    const Timestamp now = request.trial.started + *end.took;
    distributions_.add(hash, LiveMetric::Latency, microseconds(*end.took), now);
    if (end.output_tokens)
      distributions_.add(hash, LiveMetric::Tokens, static_cast<std::uint64_t>(*end.output_tokens), now);
    if (const auto cost = request.model->limits_of(hash).cost_of(end))
      distributions_.add(hash, LiveMetric::Cost, static_cast<std::uint64_t>(*cost), now);
  }
  requests_.erase(found);
}

void Router::remember_issuers() {
  std::vector<Issuer> issuers;
  for (const Model& model : config_->models)
    for (const RevisionPointer& revision : model.revisions) {
      std::string arm;
      for (const Arm& candidate : model.arms)
        if (candidate.revision == revision) arm = candidate.name;
      issuers.push_back({model.salt, revision->hash, arm});
    }
  for (const Issuer& old : issuers_) {
    const bool again = std::any_of(issuers.begin(), issuers.end(), [&](const Issuer& issuer) {
      return issuer.salt == old.salt && issuer.revision == old.revision;
    });
    if (!again && issuers.size() < kIssuers) issuers.push_back(old);
  }
  issuers_ = std::move(issuers);
}

std::string Router::feedback_id(RequestId id, std::uint64_t random, Timestamp now) {
  const auto found = requests_.find(id);
  if (found == requests_.end() || found->second.evaluation || !found->second.model) return {};
  Request& request = found->second;
  const bool trial = counts_.offer_feedback(request.trial, now);
  return make_feedback_id(request.model->salt, request.revision->hash,
                          SlotLedger::slot_start(request.trial.started), trial, random);
}

Result<FeedbackTaken> Router::on_feedback(std::string_view text, bool down, Timestamp now) {
  const auto id = parse_feedback_id(text);
  if (!id.ok()) return id.error();
  const Error unknown{ErrorCode::NotFound,
                      "response_id: found an id that is older than " + format_duration(kFeedbackWindow) +
                          " or of no answer of this model, allowed that of a later answer"};
  if (now >= id->slot + kFeedbackWindow) return unknown;
  const auto issuer = std::find_if(issuers_.begin(), issuers_.end(), [&](const Issuer& candidate) {
    return id->is_by(candidate.salt, candidate.revision);
  });
  if (issuer == issuers_.end()) return unknown;
  FeedbackTaken taken{issuer->arm, issuer->revision, false};
  const std::uint64_t hash = std::hash<std::string_view>()(id->mac);
  taken.repeated = !feedback_seen_.add(down ? hash : ~hash);
  if (const auto key = revision_key(issuer->revision); key && id->trial && down && !taken.repeated)
    (void)counts_.add_thumbs_down(id->slot, *key, now);
  return taken;
}

wire::GatewayReport Router::report(Timestamp since, Timestamp now) {
  for (auto& [id, request] : requests_) counts_.look_at(request.trial, now);
  counts_.close(now);
  wire::GatewayReport report;
  report.version = "gatewayreport/v1";
  report.epoch = epoch();
  report.opened = opened();
  report.in_flight = in_flight();
  if (config_)
    for (const Model& model : config_->models)
      for (const RevisionPointer& revision : model.revisions) {
        wire::EndpointCount count;
        for (const EndpointPointer& endpoint : endpoints_.of(revision->serving_hash)) {
          ++count.total;
          if (endpoint->servable && !endpoint->address.terminating) ++count.servable;
        }
        report.endpoints[revision->serving_hash] = count;
      }
  for (const LiveMetric metric : kAllLiveMetrics)
    report.closed_through[std::string(to_string(metric))] = counts_.ledger().closed_through(metric);
  for (const ClosedSlot& closed : counts_.ledger().collect(since)) {
    auto& slot = report.slots.emplace_back();
    slot.start = closed.start;
    for (const auto& [revision, metrics] : closed.revisions)
      for (const auto& [metric, count] : metrics) {
        auto& target = slot.arms[revision][std::string(to_string(metric))];
        target.trials = count.trials;
        target.events = count.events;
      }
  }
  return report;
}

void Router::add_distributions(wire::GatewayReport& report, Timestamp now) {
  for (const auto& [revision, metrics] : distributions_.collect(now))
    for (const auto& [metric, buckets] : metrics) {
      wire::Distribution& told = report.distributions[revision][std::string(to_string(metric))];
      for (const auto& [bucket, count] : buckets)
        told.buckets[std::to_string(bucket)] = static_cast<std::int64_t>(count);
    }
}

}  // namespace llmops::gateway
