#include "gateway/server/request_guard.hpp"

#include <algorithm>
#include <utility>

namespace llmops::gateway {
namespace {

using Side = GuardRecord::Side;

bool crosses(const guard::Finding& finding, const std::vector<std::size_t>& seams) {
  for (const std::size_t seam : seams)
    if (finding.begin < seam && seam < finding.end) return true;
  return false;
}

// A number or a name is too little to be judged as a text of a language, a form or a length.
bool judges_texts(const guard::Finding& finding) {
  return finding.type == "language" || finding.type == "jsonSchema" || finding.type == "maxTokens";
}

bool is_of_no_account(const GuardedText& text, const guard::Outcome& outcome) {
  return text.kind != GuardedText::Kind::Text &&
         std::all_of(outcome.findings.begin(), outcome.findings.end(), judges_texts);
}

}  // namespace

RequestGuard::RequestGuard(const guard::Guard& guard, guard::GuardSession& session, DetectorClient& detectors,
                           GuardRecord& record)
    : guard_(guard), session_(session), detectors_(detectors), record_(record) {
  for (const auto stage : {guard::Stage::Input, guard::Stage::Context, guard::Stage::Tool})
    if (auto checks = guard.external_checks(stage); !checks.empty())
      checks_.emplace(stage, std::move(checks));
}

const RequestGuard::Checks& RequestGuard::checks_of(const GuardedText& text) const {
  static const Checks none;
  if (text.kind != GuardedText::Kind::Text) return none;  // too little for a service to judge
  const auto found = checks_.find(text.stage);
  return found == checks_.end() ? none : found->second;
}

Task<RequestVerdict> RequestGuard::check(RequestTexts& texts, Duration limit) {
  RequestVerdict verdict;
  std::map<std::size_t, std::vector<GuardedText*>> joined;
  std::vector<Asked> asked;
  std::vector<DetectorQuestion> questions;
  for (GuardedText& text : texts.texts) {
    if (!guard_.has(text.stage)) continue;
    record_.looked_at(Side::Request);
    if (text.joined > 0) joined[text.joined].push_back(&text);
    if (text.text.empty()) continue;
    guard::CheckOptions options;
    options.form = text.form;
    options.detectors_later = true;
    guard::Outcome outcome = session_.check(text.stage, text.text, options);
    const Checks& checks = checks_of(text);
    if (checks.empty() || outcome.decision >= guard::Decision::Fallback) {
      conclude(text, std::move(outcome), verdict);
      if (verdict.decision == guard::Decision::Block) co_return verdict;
      continue;
    }
    // What our own rules take out need not go to anybody.
    asked.push_back({&text, questions.size()});
    for (const guard::ExternalCheck& check : checks) questions.push_back({check, outcome.text});
  }
  if (!questions.empty()) {
    const auto answers = co_await detectors_.ask(std::move(questions), limit);
    if (!answers.ok()) {
      verdict.client_gone = true;
      co_return verdict;
    }
    for (const Asked& one : asked) {
      check_asked(one, *answers, verdict);
      if (verdict.decision == guard::Decision::Block) co_return verdict;
    }
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

void RequestGuard::check_asked(const Asked& asked, const std::vector<DetectorAnswer>& answers,
                               RequestVerdict& verdict) {
  guard::CheckOptions options;
  options.form = asked.text->form;
  const Checks& checks = checks_of(*asked.text);
  for (std::size_t i = 0; i < checks.size(); ++i)
    options.answers.push_back({checks[i].guardrail, checks[i].rule, answers[asked.first_question + i]});
  conclude(*asked.text, session_.check(asked.text->stage, asked.text->text, options), verdict);
}

void RequestGuard::conclude(GuardedText& text, guard::Outcome outcome, RequestVerdict& verdict) {
  if (is_of_no_account(text, outcome)) return;
  for (const guard::Finding& finding : outcome.findings) record_.found(Side::Request, text.stage, finding);
  note(text.stage, outcome, text.place, verdict);
  if (outcome.decision >= guard::Decision::Fallback || outcome.text == text.text) return;
  text.replacement = std::move(outcome.text);
  record_.changed(text.stage);
}

void RequestGuard::check_joined(const std::vector<GuardedText*>& parts, RequestVerdict& verdict) {
  std::string all;
  std::vector<std::size_t> seams;
  for (const GuardedText* part : parts) {
    if (!all.empty()) seams.push_back(all.size());
    all += part->now();
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
  for (GuardedText* part : parts) part->replacement.emplace();
  parts.front()->replacement = outcome.text;
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
