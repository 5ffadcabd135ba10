#include "controllers/modeldeployment/core/live_counts.hpp"

#include <algorithm>
#include <charconv>

#include "controllers/modeldeployment/core/live.hpp"

namespace llmops::release {
namespace {

const wire::TrialCount* count_in(const wire::ReportSlot& slot, const std::string& revision,
                                 std::string_view metric) {
  const auto arm = slot.arms.find(revision);
  if (arm == slot.arms.end()) return nullptr;
  const auto count = arm->second.find(std::string(metric));
  return count == arm->second.end() ? nullptr : &count->second;
}

void add(wire::TrialCount& total, const wire::TrialCount* more) {
  if (!more) return;
  total.trials += more->trials;
  total.events += more->events;
}

// Up to where this gateway has decided; nothing where it did not say.
std::optional<Timestamp> decided_through(const wire::GatewayReport& report, std::string_view metric) {
  const auto found = report.closed_through.find(std::string(metric));
  return found == report.closed_through.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

MergedCounts merge_counts(const Observed& observed, std::string_view metric, const std::string& candidate,
                          const std::string& stable, Timestamp mark) {
  MergedCounts merged;
  merged.through = mark;
  // A gate that begins was in nobody's mind when the gateways were asked; clocks that differ let it begin in
  // slots that they have decided already.
  if (!observed.slots_told_since || *observed.slots_told_since >= mark) return merged;
  std::optional<Timestamp> all;  // decided by every gateway that answers
  bool awaited = false, uncounted = false;
  const auto hold = [&](const PodState& pod, const std::string& why) {
    if (merged.held_by.empty()) merged.held_by = pod.meta.name + " " + why;
  };
  for (const auto& pod : observed.gateway_pods) {
    if (!pod.has_run || pod.ended()) continue;
    const auto report = observed.reports.find(pod.meta.uid);
    if (report == observed.reports.end()) {
      const auto silent = observed.silent_for.find(pod.meta.uid);
      if (silent != observed.silent_for.end() && silent->second >= kGatewayPatience) continue;
      awaited = true;
      const auto why = observed.unreachable.find(pod.meta.name);
      hold(pod, why == observed.unreachable.end() ? "has not been asked" : why->second);
      continue;
    }
    const auto through = decided_through(report->second, metric);
    if (!through) {
      uncounted = true;
      hold(pod, "does not count " + std::string(metric));
      continue;
    }
    all = all ? std::min(*all, *through) : *through;
  }
  if (!all) return merged;
  if (awaited || (uncounted && *all - mark < kGatewayPatience)) return merged;
  if (*all <= mark) return merged;
  merged.through = *all;
  std::map<Timestamp, CountedSlot> slots;
  const auto take = [&](const wire::GatewayReport& report) {
    const auto through = decided_through(report, metric);
    for (const auto& slot : report.slots) {
      if (slot.start < mark || slot.start >= merged.through || !through || slot.start >= *through) continue;
      CountedSlot& total = slots[slot.start];
      total.start = slot.start;
      add(total.candidate, count_in(slot, candidate, metric));
      add(total.stable, count_in(slot, stable, metric));
    }
  };
  for (const auto& [uid, report] : observed.reports) take(report);
  // What was decided stays so: whoever comes back later tells the same of it.
  for (const auto& [uid, report] : observed.last_words) take(report);
  for (auto& [start, slot] : slots)
    if (slot.candidate.trials > 0 || slot.stable.trials > 0) merged.slots.push_back(slot);
  return merged;
}

std::map<std::int32_t, std::int64_t> merge_distributions(const Observed& observed,
                                                         const std::string& revision,
                                                         std::string_view metric) {
  std::map<std::int32_t, std::int64_t> buckets;
  for (const auto& [uid, report] : observed.reports) {
    const auto told = report.distributions.find(revision);
    if (told == report.distributions.end()) continue;
    const auto distribution = told->second.find(std::string(metric));
    if (distribution == told->second.end()) continue;
    for (const auto& [number, count] : distribution->second.buckets) {
      std::int32_t bucket = 0;
      const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), bucket);
      if (code == std::errc{} && end == number.data() + number.size()) buckets[bucket] += count;
    }
  }
  return buckets;
}

}  // namespace llmops::release
