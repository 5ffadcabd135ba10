#include "gateway/server/request_guard.hpp"

#include <map>
#include <utility>

namespace llmops::gateway {
namespace {

using Side = GuardRecord::Side;

bool crosses(const guard::Finding& finding, const std::vector<std::size_t>& seams) {
  for (const std::size_t seam : seams)
    if (finding.begin < seam && seam < finding.end) return true;
  return false;
}

}  // namespace

Task<RequestVerdict> RequestGuard::check(RequestTexts& texts, Duration limit) {
  RequestVerdict verdict;
  std::map<std::size_t, std::vector<GuardedText*>> joined;
  for (GuardedText& text : texts.texts) {
    if (!guard_.has(text.stage)) continue;
    record_.looked_at(Side::Request);
    co_await check_one(text, limit, verdict);
    if (verdict.client_gone || verdict.decision == guard::Decision::Block) co_return verdict;
    if (text.joined > 0) joined[text.joined].push_back(&text);
  }
  for (auto& [number, parts] : joined) {
    if (parts.size() < 2) continue;
    check_joined(parts, verdict);
    if (verdict.decision == guard::Decision::Block) co_return verdict;
  }
  if (guard_.has(guard::Stage::Input))
    for (std::string& place : texts.not_scanned) record_.not_scanned(std::move(place));
  co_return verdict;
}

Task<void> RequestGuard::check_one(GuardedText& text, Duration limit, RequestVerdict& verdict) {
  if (text.text->empty()) co_return;
  guard::CheckOptions options;
  options.form = text.form;
  const auto checks = guard_.external_checks(text.stage);
  options.detectors_later = !checks.empty();
  guard::Outcome outcome = session_.check(text.stage, *text.text, options);
  if (!checks.empty() && outcome.decision < guard::Decision::Fallback) {
    // What our own rules take out need not go to anybody.
    for (const guard::ExternalCheck& check : checks) {
      const auto answer = co_await detectors_.ask(check, outcome.text, limit);
      if (!answer.ok()) {
        verdict.client_gone = true;
        co_return;
      }
      options.answers.push_back({check.guardrail, check.rule, *answer});
    }
    options.detectors_later = false;
    outcome = session_.check(text.stage, *text.text, options);
  }
  for (const guard::Finding& finding : outcome.findings) record_.found(Side::Request, text.stage, finding);
  note(text.stage, outcome, text.place, verdict);
  if (outcome.decision < guard::Decision::Fallback && outcome.text != *text.text) {
    *text.text = std::move(outcome.text);
    record_.changed(text.stage);
  }
}

void RequestGuard::check_joined(const std::vector<GuardedText*>& parts, RequestVerdict& verdict) {
  std::string all;
  std::vector<std::size_t> seams;
  for (const GuardedText* part : parts) {
    if (!all.empty()) seams.push_back(all.size());
    all += *part->text;
  }
  const guard::Stage stage = parts.front()->stage;
  guard::CheckOptions options;
  options.detectors_later = true;  // they have seen the parts
  const guard::Outcome outcome = session_.check(stage, all, options);
  bool over_a_seam = false;
  for (const guard::Finding& finding : outcome.findings)
    if (crosses(finding, seams)) {
      over_a_seam = true;
      record_.found(Side::Request, stage, finding);
    }
  if (!over_a_seam) return;
  note(stage, outcome, parts.front()->place, verdict);
  if (outcome.decision >= guard::Decision::Fallback || outcome.text == all) return;
  for (GuardedText* part : parts) part->text->clear();
  *parts.front()->text = outcome.text;
  record_.changed(stage);
}

void RequestGuard::note(guard::Stage stage, const guard::Outcome& outcome, const std::string& place,
                        RequestVerdict& verdict) {
  if (outcome.decision < guard::Decision::Fallback || outcome.decision <= verdict.decision) return;
  verdict.decision = outcome.decision;
  verdict.guardrail = outcome.guardrail;
  verdict.rule = outcome.rule;
  verdict.place = place;
  verdict.fallback_message = outcome.fallback_message;
  record_.decided(Side::Request, stage, outcome.decision, outcome.guardrail, outcome.rule);
}

}  // namespace llmops::gateway
