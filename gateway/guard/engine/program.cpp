#include "gateway/guard/engine/program.hpp"

#include <algorithm>

#include "gateway/guard/rules/makers.hpp"

namespace llmops::guard {
namespace {

constexpr std::int64_t kMaxMatchBytes = 256;  // the default of maxMatchBytes

std::string hex(std::uint64_t value) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(value >> shift) & 0xF];
  return text;
}

// SplitMix64's mixing, so that the canary tells nothing about pseudonyms of the same random number.
std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

}  // namespace

bool CompiledRule::looks_at(Stage stage) const {
  if (settings.stages.empty()) return stage == Stage::Input || stage == Stage::Output;
  return std::find(settings.stages.begin(), settings.stages.end(), stage) != settings.stages.end();
}

bool CompiledRule::has_canary() const {
  return settings.injection && settings.injection->canary.value_or(false) && looks_at(Stage::Output);
}

std::string_view type_of(const CompiledRule& rule, std::string_view entity) {
  return entity.empty() ? to_string(rule.settings.type) : entity;
}

Guard::Guard() : program_(std::make_unique<Program>()) {}
Guard::~Guard() = default;

Result<std::shared_ptr<const Guard>> Guard::compile(const std::vector<wire::ResolvedGuardrail>& guardrails) {
  std::shared_ptr<Guard> guard(new Guard());
  for (const wire::ResolvedGuardrail& guardrail : guardrails) {
    for (std::size_t i = 0; i < guardrail.spec.rules.size(); ++i) {
      CompiledRule rule;
      rule.guardrail = guardrail.name;
      rule.settings = guardrail.spec.rules[i];
      rule.enforced =
          guardrail.spec.mode.value_or(api::GuardrailMode::Enforce) == api::GuardrailMode::Enforce;
      rule.max_match_bytes = static_cast<std::size_t>(
          std::max<std::int64_t>(1, guardrail.spec.max_match_bytes.value_or(kMaxMatchBytes)));
      // A rule that is made for each session is made here as well, so that its errors come now.
      auto made = make_rule(rule.settings, {rule.max_match_bytes, {}});
      if (!made)
        return Error{made.error().code, "guardrail " + guardrail.name + ": rules[" + std::to_string(i) +
                                            "]." + made.error().message};
      rule.made = std::move(*made);
      guard->program_->rules.push_back(std::move(rule));
    }
  }
  return std::shared_ptr<const Guard>(std::move(guard));
}

bool Guard::has(Stage stage) const {
  return std::any_of(program_->rules.begin(), program_->rules.end(),
                     [&](const CompiledRule& rule) { return rule.looks_at(stage); });
}

std::vector<ExternalCheck> Guard::external_checks(Stage stage) const {
  std::vector<ExternalCheck> checks;
  for (const CompiledRule& rule : program_->rules)
    if (rule.is_detector() && rule.looks_at(stage))
      checks.push_back({rule.guardrail, rule.settings.name, &*rule.settings.detector});
  return checks;
}

GuardSession::State::State(std::shared_ptr<const Guard> its_guard, const Guard::Program& its_program,
                           const SessionOptions& options)
    : guard(std::move(its_guard)),
      program(&its_program),
      pseudonyms(options.random),
      made(its_program.rules.size()) {
  std::string system_prompt;
  for (std::size_t i = 0; i < program->rules.size(); ++i) {
    const CompiledRule& rule = program->rules[i];
    if (rule.has_canary() && canary.empty()) {
      canary = "canary-" + hex(mixed(options.random ^ 0x6C6C6D6F70730001u));
      auto made_canary = make_canary_rule(canary);
      if (made_canary) canary_rule = std::move(*made_canary);
    }
    if (!is_made_for_each_session(rule.settings.type)) continue;
    if (system_prompt.empty()) system_prompt = normalise(options.system_prompt);
    auto made_rule = make_rule(rule.settings, {rule.max_match_bytes, system_prompt});
    if (made_rule) made[i] = std::move(*made_rule);
  }
}

std::size_t GuardSession::State::record_of(const CompiledRule& rule, Stage stage) {
  for (std::size_t i = 0; i < scanned.size(); ++i)
    if (scanned[i].guardrail == rule.guardrail && scanned[i].rule == rule.settings.name &&
        scanned[i].stage == stage)
      return i;
  ScanRecord record;
  record.guardrail = rule.guardrail;
  record.rule = rule.settings.name;
  record.stage = stage;
  scanned.push_back(std::move(record));
  return scanned.size() - 1;
}

StreamPlan GuardSession::State::plan(Stage stage) {
  StreamPlan plan;
  const auto add = [&](const SpanRule* spans, const TextRule* whole, const PlannedRule& planned) {
    const CompiledRule* rule = planned.compiled;
    plan.stream_rules.push_back({spans, whole, rule == nullptr || rule->changes_texts(),
                                 rule == nullptr ? std::size_t{256} : rule->max_match_bytes});
    plan.planned.push_back(planned);
  };
  for (std::size_t i = 0; i < program->rules.size(); ++i) {
    const CompiledRule& rule = program->rules[i];
    if (!rule.looks_at(stage)) continue;
    const PlannedRule planned{&rule, record_of(rule, stage)};
    if (rule.is_detector()) {
      plan.detectors.push_back(planned);
      continue;
    }
    const MadeRule& its = is_made_for_each_session(rule.settings.type) ? made[i] : rule.made;
    if (!its.spans && !its.whole) scanned[planned.record].failed = true;
    add(its.spans.get(), its.whole.get(), planned);
    if (stage == Stage::Output && rule.has_canary() && canary_rule)
      add(canary_rule.get(), nullptr, {&rule, planned.record, false});
  }
  if (stage == Stage::Output || stage == Stage::Tool) {
    auto names = pseudonyms.returning();
    if (!names.empty()) {
      plan.pseudonyms = std::make_unique<LiteralRule>(std::move(names));
      add(plan.pseudonyms.get(), nullptr, {});
    }
  }
  return plan;
}

}  // namespace llmops::guard
