// The scorers behind make_scorer(), one file each.
#pragma once

#include "evaluator/scorers/scorer.hpp"

namespace llmops::scorers {

std::unique_ptr<Scorer> make_equals(const ScorerOptions& options);
std::unique_ptr<Scorer> make_contains(const ScorerOptions& options);
Result<std::unique_ptr<Scorer>> make_regex(const ScorerOptions& options);
std::unique_ptr<Scorer> make_char_f1(const ScorerOptions& options);
std::unique_ptr<Scorer> make_latency();
// attack-success, over-block and refusal.
std::unique_ptr<Scorer> make_safety(ScorerKind kind);

// "case:exact|nfc" as signatures write it.
std::string text_signature(const ScorerOptions& options);

}  // namespace llmops::scorers
