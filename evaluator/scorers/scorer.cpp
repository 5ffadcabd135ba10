#include "evaluator/scorers/scorer.hpp"

#include <cmath>

#include "evaluator/scorers/makers.hpp"

namespace llmops::scorers {
namespace {

constexpr struct {
  ScorerKind kind;
  std::string_view name;
} kKinds[] = {{ScorerKind::Equals, "equals"},        {ScorerKind::Contains, "contains"},
              {ScorerKind::Regex, "regex"},          {ScorerKind::CharF1, "char-f1"},
              {ScorerKind::Latency, "latency"},      {ScorerKind::AttackSuccess, "attack-success"},
              {ScorerKind::OverBlock, "over-block"}, {ScorerKind::Refusal, "refusal"}};

class LatencyScorer final : public Scorer {
 public:
  Score score(const Sample& sample) const override {
    if (!sample.latency_ms || !std::isfinite(*sample.latency_ms) || *sample.latency_ms < 0)
      return Score::unscored("no latency");
    return Score::of(*sample.latency_ms);
  }
  std::string signature() const override { return "latency|last-token|ms|v1"; }
  ScoreRange range() const override { return ScoreRange::Unbounded; }
  bool higher_is_better() const override { return false; }
  bool needs_reference() const override { return false; }
  bool needs_output() const override { return false; }
  Result<void> check_reference(std::string_view) const override { return {}; }
};

}  // namespace

std::string_view to_string(ScorerKind kind) {
  for (const auto& entry : kKinds)
    if (entry.kind == kind) return entry.name;
  return "unknown";
}

std::optional<ScorerKind> parse_scorer_kind(std::string_view name) {
  for (const auto& entry : kKinds)
    if (entry.name == name) return entry.kind;
  return std::nullopt;
}

std::string scorer_names() {
  std::string names;
  for (const auto& entry : kKinds) names += (names.empty() ? "" : ", ") + std::string(entry.name);
  return names;
}

std::string text_signature(const ScorerOptions& options) {
  return std::string(options.ignore_case ? "case:fold" : "case:exact") +
         (options.form == UnicodeForm::Nfc ? "|nfc" : "|nfkc");
}

std::unique_ptr<Scorer> make_latency() {
  return std::make_unique<LatencyScorer>();
}

Result<std::unique_ptr<Scorer>> make_scorer(const ScorerOptions& options) {
  if (!options.pattern.empty() && options.kind != ScorerKind::Regex)
    return Error{ErrorCode::InvalidArgument, "pattern: found one for scorer " +
                                                 std::string(to_string(options.kind)) +
                                                 ", allowed with scorer regex only"};
  switch (options.kind) {
    case ScorerKind::Equals:
      return make_equals(options);
    case ScorerKind::Contains:
      return make_contains(options);
    case ScorerKind::Regex:
      return make_regex(options);
    case ScorerKind::CharF1:
      return make_char_f1(options);
    case ScorerKind::Latency:
      return make_latency();
    case ScorerKind::AttackSuccess:
    case ScorerKind::OverBlock:
    case ScorerKind::Refusal:
      return make_safety(options.kind);
  }
  return Error{ErrorCode::InvalidArgument, "unknown scorer, allowed " + scorer_names()};
}

bool higher_is_better(std::string_view scorer_name) {
  const auto kind = parse_scorer_kind(scorer_name);
  return !kind || (*kind != ScorerKind::Latency && *kind != ScorerKind::AttackSuccess &&
                   *kind != ScorerKind::OverBlock);
}

}  // namespace llmops::scorers
