#include <algorithm>

#include "gateway/guard/engine/detector_gate.hpp"
#include "gateway/guard/engine/enforcer.hpp"
#include "gateway/guard/engine/program.hpp"
#include "gateway/guard/guard.hpp"

namespace llmops::guard {
namespace {

Escapes escapes_of(TextForm form) {
  return form == TextForm::Json ? Escapes::Json : Escapes::None;
}

}  // namespace

std::string_view to_string(Decision decision) {
  switch (decision) {
    case Decision::Allow:
      return "allow";
    case Decision::Flag:
      return "flag";
    case Decision::Mask:
      return "mask";
    case Decision::Fallback:
      return "fallback";
    case Decision::Block:
      return "block";
  }
  return "block";
}

// One text on its way through the rules; the same for streams and whole texts.
struct GuardStream::State {
  State(GuardSession::State& its_session, Stage stage, TextForm form, bool whole)
      : session(its_session),
        plan(its_session.plan(stage)),
        enforcer(plan, stage, form, whole, its_session.pseudonyms, its_session.scanned, verdicts),
        hold_back(plan.stream_rules, enforcer, escapes_of(form)),
        gate(plan.detectors, its_session.scanned, verdicts),
        counted(plan.planned.size(), 0) {}

  // Tells the audit record what has been scanned since.
  void count() {
    for (std::size_t i = 0; i < plan.planned.size(); ++i) {
      const PlannedRule& planned = plan.planned[i];
      if (planned.compiled == nullptr || !planned.counts_bytes) continue;
      const std::size_t seen = hold_back.scanned_bytes(i);
      session.scanned[planned.record].bytes += seen - counted[i];
      counted[i] = seen;
    }
  }
  void feed(std::string_view piece, std::string& out) {
    gate.collect(out);
    if (verdicts.ended() || finished || piece.empty()) return;
    passed.clear();
    hold_back.feed(piece, passed);
    count();
    gate.feed(passed, hold_back.given_bytes(), out);
  }
  void finish(std::string& out) {
    gate.collect(out);
    if (finished) return;
    finished = true;
    if (!verdicts.ended()) {
      passed.clear();
      hold_back.finish(passed);
      count();
      gate.feed(passed, hold_back.given_bytes(), out);
    }
    enforcer.complete(hold_back.given_bytes());
    gate.finish(out);
  }

  GuardSession::State& session;
  Verdicts verdicts;
  StreamPlan plan;
  Enforcer enforcer;
  HoldBack hold_back;
  DetectorGate gate;
  std::vector<std::size_t> counted;
  std::string passed;  // by the hold-back, of one piece
  bool finished = false;
};

GuardSession::GuardSession(std::shared_ptr<const Guard> guard, SessionOptions options) {
  const Guard::Program& program = *guard->program_;
  state_ = std::make_unique<State>(std::move(guard), program, options);
}
GuardSession::GuardSession(GuardSession&&) noexcept = default;
GuardSession::~GuardSession() = default;

std::string_view GuardSession::canary() const {
  return state_->canary;
}

const std::vector<ScanRecord>& GuardSession::scanned() const {
  return state_->scanned;
}

std::unique_ptr<GuardStream> GuardSession::stream(Stage stage, TextForm form) {
  return std::unique_ptr<GuardStream>(
      new GuardStream(std::make_unique<GuardStream::State>(*state_, stage, form, false)));
}

Outcome GuardSession::check(Stage stage, std::string_view text, const CheckOptions& options) {
  GuardStream::State way(*state_, stage, options.form, true);
  Outcome outcome;
  way.hold_back.feed(text, outcome.text);
  way.hold_back.finish(outcome.text);
  way.count();
  if (!options.detectors_later) {
    for (const PlannedRule& planned : way.plan.detectors) {
      const CompiledRule& rule = *planned.compiled;
      const auto answer =
          std::find_if(options.answers.begin(), options.answers.end(), [&](const ExternalAnswer& candidate) {
            return candidate.guardrail == rule.guardrail && candidate.rule == rule.settings.name;
          });
      const std::optional<bool> found = answer == options.answers.end() ? std::nullopt : answer->found;
      ScanRecord& record = state_->scanned[planned.record];
      if (found)
        record.bytes += text.size();
      else
        record.failed = true;
      if (!found.value_or(rule.fails_closed())) continue;
      Finding finding;
      finding.guardrail = rule.guardrail;
      finding.rule = rule.settings.name;
      finding.type = type_of(rule, {});
      finding.end = text.size();
      finding.action = rule.settings.action;
      finding.enforced = rule.enforced;
      ++record.findings;
      way.verdicts.add(rule, std::move(finding));
    }
  }
  way.enforcer.complete(text.size());
  outcome.decision = way.verdicts.decision;
  outcome.findings = std::move(way.verdicts.findings);
  outcome.guardrail = std::move(way.verdicts.guardrail);
  outcome.rule = std::move(way.verdicts.rule);
  if (outcome.decision == Decision::Fallback) outcome.fallback_message = way.verdicts.fallback_message;
  if (way.verdicts.ended()) outcome.text.clear();
  return outcome;
}

GuardStream::GuardStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
GuardStream::~GuardStream() = default;

void GuardStream::feed(std::string_view piece, std::string& out) {
  state_->feed(piece, out);
}

void GuardStream::finish(std::string& out) {
  state_->finish(out);
}

std::size_t GuardStream::held_bytes() const {
  return state_->verdicts.ended() ? 0 : state_->hold_back.held_bytes() + state_->gate.held_bytes();
}

Decision GuardStream::decision() const {
  return state_->verdicts.decision;
}

const std::vector<Finding>& GuardStream::findings() const {
  return state_->verdicts.findings;
}

const std::string& GuardStream::fallback_message() const {
  return state_->verdicts.fallback_message;
}

const std::string& GuardStream::guardrail() const {
  return state_->verdicts.guardrail;
}

const std::string& GuardStream::rule() const {
  return state_->verdicts.rule;
}

std::string_view GuardStream::window_for_detectors() {
  return state_->gate.window();
}

void GuardStream::detected(const std::string& guardrail, const std::string& rule, std::optional<bool> found) {
  state_->gate.detected(guardrail, rule, found);
}

}  // namespace llmops::guard
