#include "webhooks/rules/guardrail.hpp"

#include <algorithm>

#include "crds/base/digest.hpp"
#include "crds/base/json.hpp"

namespace llmops::rules {
namespace {

bool looks_at(const api::GuardrailRule& rule, api::GuardrailStage stage) {
  if (rule.stages.empty()) return stage == api::GuardrailStage::Input || stage == api::GuardrailStage::Output;
  return std::find(rule.stages.begin(), rule.stages.end(), stage) != rule.stages.end();
}

// Types that only have something to find where a model answers.
bool judges_answers(api::GuardrailRuleType type) {
  return type == api::GuardrailRuleType::SystemPromptLeak || type == api::GuardrailRuleType::JsonSchema;
}

// "guardrail pii-ko: rules[2].regex.patterns[0]: …" → "spec.rules[2].regex.patterns[0]".
std::string field_in(std::string_view name, std::string_view message) {
  const std::string start = "guardrail " + std::string(name) + ": ";
  if (!message.starts_with(start)) return "spec.rules";
  const std::string path = leading_path(message.substr(start.size()));
  return path.empty() ? "spec.rules" : "spec." + path;
}

}  // namespace

std::string guardrail_digest(const api::GuardrailSpec& spec) {
  return digest_of(spec.to_json());
}

wire::ResolvedGuardrail resolved(std::string name, const api::GuardrailSpec& spec) {
  wire::ResolvedGuardrail guardrail;
  guardrail.name = std::move(name);
  guardrail.digest = guardrail_digest(spec);
  guardrail.spec = spec;
  return guardrail;
}

std::vector<Problem> check_guardrail(std::string_view name, const api::GuardrailSpec& spec,
                                     const CompileGuardrail& compile) {
  std::vector<Problem> problems;
  if (const auto compiled = compile({resolved(std::string(name), spec)}); !compiled.ok())
    problems.push_back(
        {Severity::Error, "RuleInvalid", compiled.error().message, field_in(name, compiled.error().message)});
  for (std::size_t i = 0; i < spec.rules.size(); ++i) {
    const auto& rule = spec.rules[i];
    const std::string path = "spec.rules[" + std::to_string(i) + "]";
    if (judges_answers(rule.type) && !looks_at(rule, api::GuardrailStage::Output))
      problems.push_back({Severity::Warning, "RuleIdle",
                          path + ".stages: " + rule.name + " finds nothing without output, since its type " +
                              std::string(to_string(rule.type)) + " looks at answers",
                          path + ".stages"});
    if (rule.injection && rule.injection->canary.value_or(false) &&
        !looks_at(rule, api::GuardrailStage::Output))
      problems.push_back({Severity::Warning, "RuleIdle",
                          path + ".injection.canary: " + rule.name +
                              " looks for its mark at the stage output, which is not in stages",
                          path + ".injection.canary"});
  }
  return problems;
}

std::string summary_of(const api::GuardrailSpec& spec) {
  const std::size_t count = spec.rules.size();
  std::string types;
  for (const auto& rule : spec.rules)
    if (const std::string type(to_string(rule.type)); types.find(type) == std::string::npos)
      types += (types.empty() ? "" : ", ") + type;
  return std::to_string(count) + (count == 1 ? " rule: " : " rules: ") + types + "; " +
         std::string(to_string(spec.mode.value_or(api::GuardrailMode::Enforce)));
}

}  // namespace llmops::rules
