// The rules that know what personal data and secrets look like: expressions, check digits, words before the
// value, and a confidence for each finding.
//
// Both look at most 208 bytes back and one code point ahead. Measured precision and recall:
// docs/guardrails.md.
#pragma once

#include <memory>

#include "crds/api/shared.hpp"
#include "crds/base/result.hpp"
#include "gateway/guard/rule.hpp"
#include "gateway/guard/rule_context.hpp"

namespace llmops::guard {

// Finds the entities of the settings (all when the list is empty) with at least the settings' confidence.
// Span::entity is the entity as the API writes it. Overlapping findings: the more confident stands, then the
// more specific, then the longer. Errors: none of valid settings, but those of the expressions' compilation.
Result<std::unique_ptr<SpanRule>> make_pii_rule(const api::PiiSettings& settings, const RuleContext& context);

// Finds keys and tokens of well-known issuers by their form, private key blocks, JWTs, passwords in URLs, and
// random-looking values of assignments such as `password = …` (only the value is the finding). Span::entity
// is "secret". A private key or a JWT has no longest form: beyond the context's max_match_bytes what still
// looks like one is found as far as it goes.
Result<std::unique_ptr<SpanRule>> make_secrets_rule(const api::SecretsSettings& settings,
                                                    const RuleContext& context);

}  // namespace llmops::guard
