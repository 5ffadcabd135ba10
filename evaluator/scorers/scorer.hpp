// A scorer turns one answer into one number.
//
// Names are promptfoo's where the meaning is the same (equals, contains, regex, latency), else the field's
// (char-f1: KorQuAD 1.0). Each says in its signature what it normalises and which version it is, so that two
// results with equal signatures are comparable.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"
#include "evaluator/scorers/unicode_text.hpp"

namespace llmops::scorers {

enum class ScorerKind {
  Equals,    // 1 when the output equals a reference
  Contains,  // 1 when a reference stands in the output
  Regex,     // 1 when the pattern (or a reference, read as a pattern) matches somewhere in the output
  CharF1,    // F1 over the characters of output and reference, 0 to 1; the best reference counts
  Latency    // milliseconds to the last token
};

// "equals", "contains", "regex", "char-f1", "latency".
std::string_view to_string(ScorerKind kind);
std::optional<ScorerKind> parse_scorer_kind(std::string_view name);
// For messages: "equals, contains, regex, char-f1, latency".
std::string scorer_names();

struct ScorerOptions {
  ScorerKind kind = ScorerKind::Contains;
  bool ignore_case = false;             // equals, contains, regex; char-f1 never minds case
  UnicodeForm form = UnicodeForm::Nfc;  // equals, contains, regex, char-f1
  std::string pattern;                  // regex only (RE2 syntax); empty: each item's references are patterns
};

// What a scorer looks at. References are alternatives: the best one counts.
struct Sample {
  std::string_view output;
  const std::vector<std::string>* references = nullptr;  // null: none
  std::optional<double> latency_ms;
};

// A number, or why there is none. Never NaN or infinite.
struct Score {
  std::optional<double> value;
  std::string unscored_reason;

  static Score of(double number) { return {number, {}}; }
  static Score unscored(std::string reason) { return {std::nullopt, std::move(reason)}; }
};

enum class ScoreRange { Binary, Unit, Unbounded };

class Scorer {
 public:
  virtual ~Scorer() = default;
  virtual Score score(const Sample& sample) const = 0;
  // Kind, options and version: "contains|case:exact|nfc|v1".
  virtual std::string signature() const = 0;
  virtual ScoreRange range() const = 0;
  virtual bool higher_is_better() const { return true; }
  virtual bool needs_reference() const { return true; }
  virtual bool needs_output() const { return true; }
  // InvalidArgument when no output could ever be scored fairly against this reference (an empty text that
  // everything contains, a pattern that is none).
  virtual Result<void> check_reference(std::string_view reference) const = 0;
};

// InvalidArgument: a pattern that RE2 refuses, or a pattern for a scorer that takes none.
Result<std::unique_ptr<Scorer>> make_scorer(const ScorerOptions& options);

}  // namespace llmops::scorers
