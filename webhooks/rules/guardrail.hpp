// What is valid in a guardrail, and what it is identified by.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/api/guardrail.hpp"
#include "crds/base/result.hpp"
#include "crds/wire/revision_body.hpp"
#include "webhooks/rules/problem.hpp"

namespace llmops::rules {

// Whether the gateways' engine of guardrails can work with these. The message of an error names rule and
// field ("guardrail pii-ko: rules[2].regex.patterns[0]: …").
using CompileGuardrail = std::function<Result<void>(const std::vector<wire::ResolvedGuardrail>& guardrails)>;

// The CompileGuardrail that gateways work with.
Result<void> compile_guardrails(const std::vector<wire::ResolvedGuardrail>& guardrails);

// SHA-256 of the RFC 8785 form of the spec, 64 hex digits. User-given fields only: what an upgrade adds does
// not change it.
std::string guardrail_digest(const api::GuardrailSpec& spec);

wire::ResolvedGuardrail resolved(std::string name, const api::GuardrailSpec& spec);

// Everything that a gateway would stumble over (reason RuleInvalid), and rules that can find nothing where
// they look (a warning, RuleIdle).
std::vector<Problem> check_guardrail(std::string_view name, const api::GuardrailSpec& spec,
                                     const CompileGuardrail& compile = compile_guardrails);

// "3 rules: pii, words, regex; Enforce", for people.
std::string summary_of(const api::GuardrailSpec& spec);

}  // namespace llmops::rules
