// The guardrails of one revision, compiled, and what one text needs of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/guard/engine/literal_rule.hpp"
#include "gateway/guard/engine/pseudonyms.hpp"
#include "gateway/guard/engine/rule_table.hpp"
#include "gateway/guard/guard.hpp"
#include "gateway/guard/stream/hold_back.hpp"

namespace llmops::guard {

struct CompiledRule {
  std::string guardrail;
  api::GuardrailRule settings;
  bool enforced = true;
  std::size_t max_match_bytes = 0;
  MadeRule made;

  bool looks_at(Stage stage) const;
  bool changes_texts() const { return enforced && settings.action != Action::Flag; }
  bool is_detector() const { return settings.type == api::GuardrailRuleType::Detector; }
  bool fails_closed() const {
    return settings.fail_mode.value_or(api::GuardrailFailMode::Closed) == api::GuardrailFailMode::Closed;
  }
  bool has_canary() const;
};

struct Guard::Program {
  std::vector<CompiledRule> rules;
};

// What a StreamRule of a plan is.
struct PlannedRule {
  const CompiledRule* compiled = nullptr;  // null: gives pseudonyms back
  std::size_t record = 0;                  // its place in GuardSession::scanned()
  bool counts_bytes = true;                // false for a second StreamRule of the same rule
};

// The rules for one text. Owns what is made for it alone.
struct StreamPlan {
  std::vector<StreamRule> stream_rules;
  std::vector<PlannedRule> planned;  // of the same length
  std::vector<PlannedRule> detectors;
  std::unique_ptr<LiteralRule> pseudonyms;
};

struct GuardSession::State {
  std::shared_ptr<const Guard> guard;
  const Guard::Program* program = nullptr;
  Pseudonyms pseudonyms;
  std::string canary;
  std::unique_ptr<SpanRule> canary_rule;
  std::vector<MadeRule> made;  // by rule of the program; those that are made for each session
  std::vector<ScanRecord> scanned;

  State(std::shared_ptr<const Guard> its_guard, const Guard::Program& its_program,
        const SessionOptions& options);
  StreamPlan plan(Stage stage);

 private:
  std::size_t record_of(const CompiledRule& rule, Stage stage);
};

std::string_view type_of(const CompiledRule& rule, std::string_view entity);

}  // namespace llmops::guard
