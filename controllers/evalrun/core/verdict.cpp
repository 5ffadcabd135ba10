#include "controllers/evalrun/core/verdict.hpp"

#include <algorithm>
#include <set>

#include "controllers/shared/conditions.hpp"
#include "crds/base/json.hpp"

namespace llmops::evalrun {
namespace {

constexpr std::string_view kVersion = "evalsummary/v1";
constexpr std::size_t kQuoted = 300;
constexpr std::size_t kDigestLength = 64;

Error failure(std::string message) {
  return {ErrorCode::Internal, std::move(message)};
}

std::string because(std::string_view reason, std::string_view message) {
  std::string text;
  if (!reason.empty()) text += " (" + std::string(reason) + ")";
  if (!message.empty()) text += ": " + controllers::clip(message, kQuoted);
  return text;
}

bool is_digest(const std::string& text) {
  return text.size() <= kDigestLength && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// What the schema of the status would refuse, and what this gate did not ask.
Result<void> check_metrics(const wire::EvalSummary& summary, const api::EvalRunSpec& spec) {
  std::set<std::string> told;
  for (const auto& metric : summary.metrics)
    if (metric.name.empty() || !told.insert(metric.name).second)
      return failure("metrics: found \"" + metric.name + "\" twice or without a name");
  if (summary.verdict == api::Verdict::Error) return {};
  const auto silent = [&](const auto& metrics) -> Result<void> {
    for (const auto& metric : metrics)
      if (!told.count(metric.name)) return failure("metrics: found nothing about metric " + metric.name);
    return {};
  };
  return spec.prometheus ? silent(spec.prometheus->metrics) : silent(spec.offline->metrics);
}

}  // namespace

Result<wire::EvalSummary> read_verdict(const PodState& pod, const api::EvalRunSpec& spec) {
  const std::string who = "evaluator pod " + pod.meta.name;
  if (!pod.terminated)
    return failure(who + " ended before its evaluator did" + because(pod.reason, pod.message));
  const Terminated& end = *pod.terminated;
  if (end.exit_code != 0)
    return failure(who + " ended with exit code " + std::to_string(end.exit_code) +
                   because(end.reason, end.message));
  if (end.message.empty()) return failure(who + " ended without a verdict: its termination message is empty");

  const std::string broken = who + " left a termination message that is not " + std::string(kVersion) + ": ";
  const auto tree = parse_json(end.message);
  if (!tree.ok()) return failure(broken + tree.error().message);
  if (const std::string version = string_at(*tree, "version"); version != kVersion)
    return failure(broken + "version: found \"" + controllers::clip(version, 40) + "\", allowed \"" +
                   std::string(kVersion) + "\"");
  auto summary = wire::EvalSummary::parse(*tree);
  if (!summary.ok()) return failure(broken + summary.error().message);
  if (!is_digest(summary->result_digest))
    return failure(broken + "resultDigest: found another text, allowed at most 64 hex digits");
  const auto metrics = check_metrics(*summary, spec);
  if (!metrics.ok()) return failure(broken + metrics.error().message);
  const bool unread = summary->verdict == api::Verdict::Error && summary->dataset_digest.empty();
  if (summary->dataset_digest != spec.dataset_digest.value_or("") && !unread)
    return failure(who + " read another golden set than this run is about: found digest " +
                   summary->dataset_digest.substr(0, 10) + ", expected " +
                   spec.dataset_digest.value_or("none").substr(0, 10));
  return summary;
}

}  // namespace llmops::evalrun
