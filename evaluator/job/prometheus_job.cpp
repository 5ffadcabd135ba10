#include "evaluator/job/prometheus_job.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "crds/base/json.hpp"
#include "crds/base/text.hpp"
#include "evaluator/job/prometheus_client.hpp"
#include "evaluator/judgement/report.hpp"
#include "evaluator/judgement/verdict.hpp"
#include "evaluator/prometheus/measurement.hpp"
#include "evaluator/prometheus/plan.hpp"

namespace llmops::evaluator {
namespace {

using api::Verdict;
using prometheus::Measurement;
using prometheus::Metric;

constexpr std::size_t kMessageBytes = 1024;

struct Gate {
  Env& env;
  PrometheusClient client;
  std::function<void(std::string_view)> tell;
  std::vector<Metric> metrics;
  std::vector<std::string> lines;
  std::int64_t requests = 0;
  std::size_t going_on = 0;
  Notify changed;

  bool failed() const {
    return std::any_of(metrics.begin(), metrics.end(),
                       [](const Metric& metric) { return metric.decided() == Verdict::Failed; });
  }
};

void note(Gate& gate, const Metric& metric, const Measurement& measurement) {
  const std::string phase(to_string(measurement.phase));
  gate.lines.push_back(dump_json({{"metric", metric.asked().name},
                                  {"at", format_timestamp(gate.env.now())},
                                  {"phase", phase},
                                  {"value", measurement.value}}));
  if (gate.tell) gate.tell(metric.asked().name + ": " + phase + " " + measurement.value);
}

// Every wait ends with an error when the gate is over.
Task<void> follow(Gate& gate, std::size_t index) {
  Metric& metric = gate.metrics[index];
  const api::PrometheusMetric asked = metric.asked();
  Duration due = gate.env.uptime() + asked.initial_delay.value_or(Duration(0));
  while (!metric.decided()) {
    const Result<void> slept = co_await gate.env.sleep(std::max(due - gate.env.uptime(), Duration(0)));
    if (!slept) break;
    due = gate.env.uptime() + prometheus::pause_after(asked);
    ++gate.requests;
    const auto answer = co_await gate.client.ask(asked.query);
    if (!answer && answer.error().code == ErrorCode::Cancelled) break;
    Measurement measurement =
        answer ? metric.measure(*answer) : prometheus::error_measurement(answer.error());
    note(gate, metric, measurement);
    metric.add(std::move(measurement));
  }
  --gate.going_on;
  gate.changed.notify_all();
}

JobOutcome record(std::string message, Verdict verdict, const Gate& gate) {
  wire::EvalSummary summary = judgement::error_summary(clip(message, kMessageBytes));
  summary.verdict = verdict;
  for (const Metric& metric : gate.metrics)
    summary.metrics.push_back(
        metric.result(verdict == Verdict::Error ? Verdict::Error : Verdict::Inconclusive));
  summary.items = gate.requests;
  JobOutcome outcome;
  outcome.requests = gate.requests;
  outcome.items = gate.lines;
  outcome.summary = judgement::render_summary(std::move(summary));
  return outcome;
}

// The metrics that made the verdict, the rest left out.
std::string in_words(const Gate& gate, Verdict verdict) {
  std::string text;
  for (const Metric& metric : gate.metrics)
    if (metric.decided() == verdict)
      text += (text.empty() ? "" : "; ") + metric.asked().name + ": " + metric.in_words();
  return text;
}

JobOutcome conclude(const Gate& gate, Duration limit) {
  Verdict verdict = Verdict::Successful;
  std::string undecided;
  for (const Metric& metric : gate.metrics) {
    verdict = judgement::worse_of(verdict, metric.decided().value_or(Verdict::Error));
    if (!metric.decided())
      undecided += (undecided.empty() ? "" : "; ") + metric.asked().name + ": " + metric.in_words();
  }
  if (gate.failed()) return record(in_words(gate, Verdict::Failed), Verdict::Failed, gate);
  if (!undecided.empty())
    return record("stopped after " + format_duration(limit) + ": " + undecided, Verdict::Error, gate);
  return record(in_words(gate, verdict), verdict, gate);
}

}  // namespace

Task<JobOutcome> run_prometheus_job(Env& env, Transport& transport, api::PrometheusEvaluation asked,
                                    std::string endpoint_folder, std::function<void(std::string_view)> tell) {
  Gate gate{env, PrometheusClient(env, transport, std::move(endpoint_folder)), std::move(tell), {}, {}, 0, 0,
            {}};
  for (const auto& metric : asked.metrics) {
    auto compiled = Metric::of(metric);
    if (!compiled) {
      gate.metrics.clear();
      co_return record("metric " + metric.name + ": " + compiled.error().message, Verdict::Error, gate);
    }
    gate.metrics.push_back(std::move(*compiled));
  }
  const Duration limit = prometheus::deadline(asked);
  const Duration end = env.uptime() + limit;
  gate.going_on = gate.metrics.size();
  std::vector<TaskHandle> tasks;
  for (std::size_t i = 0; i < gate.metrics.size(); ++i)
    tasks.push_back(env.spawn("metric " + gate.metrics[i].asked().name, follow(gate, i)));
  while (gate.going_on > 0 && !gate.failed() && env.uptime() < end)
    if (co_await env.wait(gate.changed, end - env.uptime()) == Wake::Cancelled) break;
  for (TaskHandle& task : tasks) task.cancel();
  for (TaskHandle& task : tasks) co_await task.join();
  co_return conclude(gate, limit);
}

}  // namespace llmops::evaluator
