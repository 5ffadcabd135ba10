// regex: RE2, so the time is linear in the output whatever the pattern.
#include <re2/re2.h>

#include "evaluator/scorers/makers.hpp"

namespace llmops::scorers {
namespace {

constexpr int kMaxProgramBytes = 4 << 20;

std::unique_ptr<RE2> compile(std::string_view pattern, const ScorerOptions& options) {
  RE2::Options re2_options;
  re2_options.set_log_errors(false);
  re2_options.set_case_sensitive(!options.ignore_case);
  re2_options.set_max_mem(kMaxProgramBytes);
  const std::string normalized = normalize(pattern, options.form, false);
  return std::make_unique<RE2>(normalized, re2_options);
}

Error bad_pattern(const RE2& compiled) {
  return Error{ErrorCode::InvalidArgument, "found /" + compiled.pattern().substr(0, 60) + "/ (" +
                                               compiled.error() + "), allowed an RE2 pattern"};
}

class RegexScorer final : public Scorer {
 public:
  RegexScorer(ScorerOptions options, std::unique_ptr<RE2> fixed)
      : options_(std::move(options)), fixed_(std::move(fixed)) {}

  Score score(const Sample& sample) const override {
    const std::string output = normalize(sample.output, options_.form, false);
    if (fixed_) return Score::of(RE2::PartialMatch(output, *fixed_) ? 1 : 0);
    if (!sample.references || sample.references->empty()) return Score::unscored("no reference");
    for (const std::string& reference : *sample.references) {
      const std::unique_ptr<RE2> pattern = compile(reference, options_);
      if (!pattern->ok()) return Score::unscored("reference is not a pattern");
      if (RE2::PartialMatch(output, *pattern)) return Score::of(1);
    }
    return Score::of(0);
  }
  std::string signature() const override {
    return "regex|re2|" + text_signature(options_) +
           (fixed_ ? "|pattern:" + options_.pattern : "|pattern:reference") + "|v1";
  }
  ScoreRange range() const override { return ScoreRange::Binary; }
  bool needs_reference() const override { return fixed_ == nullptr; }
  Result<void> check_reference(std::string_view reference) const override {
    if (fixed_) return {};
    if (reference.empty())
      return Error{ErrorCode::InvalidArgument, "found an empty text, allowed an RE2 pattern"};
    const std::unique_ptr<RE2> pattern = compile(reference, options_);
    if (!pattern->ok()) return bad_pattern(*pattern);
    return {};
  }

 private:
  ScorerOptions options_;
  std::unique_ptr<RE2> fixed_;  // null: the references are the patterns
};

}  // namespace

Result<std::unique_ptr<Scorer>> make_regex(const ScorerOptions& options) {
  std::unique_ptr<RE2> fixed;
  if (!options.pattern.empty()) {
    fixed = compile(options.pattern, options);
    if (!fixed->ok()) return with_context(bad_pattern(*fixed), "pattern");
  }
  return std::unique_ptr<Scorer>(std::make_unique<RegexScorer>(options, std::move(fixed)));
}

}  // namespace llmops::scorers
