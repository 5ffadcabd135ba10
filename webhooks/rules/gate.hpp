// What an EvalGate can decide with its golden set: a gate that nothing can pass, or that everything passes,
// is found out before a release waits for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/api/eval_gate.hpp"
#include "crds/api/shared.hpp"
#include "webhooks/rules/problem.hpp"

namespace llmops::rules {

// SHA-256 of the RFC 8785 form of the spec: verdicts belong to it.
std::string gate_digest(const api::EvalGateSpec& spec);

struct GateReport {
  std::int64_t items = 0;      // that a run asks; 0 when the golden set is broken
  std::string dataset_digest;  // SHA-256 of its bytes; empty when it is broken
  // Reasons: ScorerInvalid, DatasetInvalid, MarginUnreachable, ObjectiveUnreachable, NothingFails.
  std::vector<Problem> problems;
  std::string message;  // what it can decide: "60 items: excludes 4.9 points when none is lost; margin 10 …"

  bool decidable() const { return !has_error(problems); }
};

// `dataset_name` says in messages where the text came from ("ConfigMap support-golden, key dataset.jsonl").
GateReport check_gate(const api::OfflineEvaluation& offline, std::string_view dataset_text,
                      std::string_view dataset_name);

// The same where the golden set is not at hand: what no set of so many items could repair. Absent: the
// largest set that is read.
GateReport check_gate(const api::OfflineEvaluation& offline, std::optional<std::int64_t> items_at_most);

}  // namespace llmops::rules
