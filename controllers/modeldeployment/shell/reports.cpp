#include <algorithm>
#include <utility>

#include "controllers/modeldeployment/core/children/gateway.hpp"
#include "controllers/modeldeployment/core/live.hpp"
#include "controllers/modeldeployment/core/roll_call.hpp"
#include "controllers/modeldeployment/shell/controller.hpp"
#include "crds/base/names.hpp"

namespace llmops::release {
namespace {

constexpr Duration kReportTimeout{2'000};
constexpr std::size_t kMaxReportBytes = 4u << 20;

}  // namespace

Task<Result<void>> ModelDeploymentController::pull_reports(Observed& observed) {
  observed.slots_told_since = slots_wanted_since(observed);
  std::set<std::string> asked;
  co_await ask_gateways(observed, asked);
  keep_counts(observed);
  if (needs_roll_call(observed)) {
    auto listed = co_await call_the_roll(observed);
    if (!listed.ok()) co_return listed.error();
    co_await ask_gateways(observed, asked);
    keep_counts(observed);
  }
  recall_counts(observed);
  note_silence(observed);
  co_return Result<void>();
}

// `asked` holds the UIDs of those that were asked in this pass.
Task<void> ModelDeploymentController::ask_gateways(Observed& observed, std::set<std::string>& asked) {
  std::vector<TaskHandle> pulls;
  for (const auto& pod : observed.gateway_pods)
    if (pod.has_run && !pod.ended() && asked.insert(pod.meta.uid).second)
      pulls.push_back(env_.spawn("pull " + pod.meta.name, pull_report(pod, observed)));
  for (auto& pull : pulls) co_await pull.join();
}

// The gateways that there are, by quorum; what others said counts no more.
Task<Result<void>> ModelDeploymentController::call_the_roll(Observed& observed) {
  kube::ListOptions options;
  options.label_selector = std::string(names::kModelDeployment) + "=" + observed.meta.name + "," +
                           std::string(names::kComponent) + "=gateway";
  auto pods = co_await client_.list(kube::kPods, observed.meta.ns, options);
  if (!pods.ok())
    co_return with_context(pods.error(), "listing the gateways of " + observed.meta.key().to_string());
  const auto known = std::exchange(observed.gateway_pods, {});
  for (const auto& raw : pods->raw_items) {
    const auto pod = parse_json(raw);
    if (pod.ok()) observed.gateway_pods.push_back(pod_state(*pod));
  }
  for (const auto& pod : known) {
    const bool there = std::ranges::any_of(
        observed.gateway_pods, [&](const PodState& other) { return other.meta.uid == pod.meta.uid; });
    if (there) continue;
    observed.reports.erase(pod.meta.uid);
    observed.unreachable.erase(pod.meta.name);
  }
  co_return Result<void>();
}

// By the time that passes here: clocks jump, and an operator that was away has heard of nobody's silence.
void ModelDeploymentController::note_silence(Observed& observed) {
  std::map<std::string, Duration> silent;
  if (slots_wanted_since(observed)) {
    const auto& known = silent_since_[observed.meta.key()];
    for (const auto& pod : observed.gateway_pods) {
      if (!pod.has_run || pod.ended() || observed.reports.contains(pod.meta.uid)) continue;
      const auto since = known.find(pod.meta.uid);
      silent[pod.meta.uid] = since == known.end() ? env_.uptime() : since->second;
      observed.silent_for[pod.meta.uid] = env_.uptime() - silent[pod.meta.uid];
    }
  }
  if (silent.empty())
    silent_since_.erase(observed.meta.key());
  else
    silent_since_[observed.meta.key()] = std::move(silent);
}

// A gateway that goes takes its counts with it, whatever comes of the pass that heard them; the status may be
// waiting for the others to decide as much.
void ModelDeploymentController::keep_counts(const Observed& observed) {
  const auto since = slots_wanted_since(observed);
  if (!since) {
    told_reports_.erase(observed.meta.key());
    return;
  }
  auto& told = told_reports_[observed.meta.key()];
  for (const auto& [uid, report] : observed.reports) told[uid] = report;
  std::erase_if(told, [&](const auto& entry) {
    const auto& slots = entry.second.slots;
    return slots.empty() || slots.back().start <= *since;
  });
}

void ModelDeploymentController::recall_counts(Observed& observed) const {
  const auto told = told_reports_.find(observed.meta.key());
  if (told == told_reports_.end()) return;
  for (const auto& [uid, report] : told->second)
    if (!observed.reports.contains(uid)) observed.last_words[uid] = report;
}

Task<void> ModelDeploymentController::pull_report(const PodState& pod, Observed& observed) {
  metrics_.add(metrics::kReportPulls.name, {});
  if (pod.ip.empty()) {
    observed.unreachable[pod.meta.name] = "has no address yet";
    co_return;
  }
  Peer peer;
  peer.host = pod.ip;
  peer.port = kAdminPort;
  peer.pool = pod.meta.uid;
  ExchangeOptions options;
  options.connect_timeout = options.head_timeout = options.idle_timeout = kReportTimeout;
  // No slot is needed to verify traffic.
  const Timestamp since = observed.slots_told_since.value_or(env_.now());
  const HttpRequest request("GET", "/report?since=" + std::to_string(since.time_since_epoch().count()) +
                                       (distributions_wanted(observed) ? "&distributions=1" : ""));
  auto response = co_await transport_.exchange(peer, request, options);
  if (!response.ok()) {
    observed.unreachable[pod.meta.name] = "does not answer: " + response.error().message;
    co_return;
  }
  auto body = co_await read_all(*response->body, kMaxReportBytes);
  if (!body.ok() || response->status != 200) {
    observed.unreachable[pod.meta.name] =
        body.ok() ? "answers " + std::to_string(response->status) : body.error().message;
    co_return;
  }
  const auto json = parse_json(*body);
  if (!json.ok()) {
    observed.unreachable[pod.meta.name] = json.error().message;
    co_return;
  }
  auto report = wire::GatewayReport::parse(*json);
  if (!report.ok()) {
    observed.unreachable[pod.meta.name] = report.error().message;
  } else if (report->pod_uid != pod.meta.uid) {
    // A reused address: another pod answered.
    observed.unreachable[pod.meta.name] = "its address is answered by pod " + report->pod_uid;
  } else {
    observed.reports[pod.meta.uid] = std::move(*report);
  }
}

}  // namespace llmops::release
