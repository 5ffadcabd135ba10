// equals and contains: exact text after Unicode normalisation, nothing trimmed.
#include "evaluator/scorers/makers.hpp"

namespace llmops::scorers {
namespace {

class TextMatch final : public Scorer {
 public:
  TextMatch(const ScorerOptions& options, bool whole) : options_(options), whole_(whole) {}

  Score score(const Sample& sample) const override {
    if (!sample.references || sample.references->empty()) return Score::unscored("no reference");
    const std::string output = normalize(sample.output, options_.form, options_.ignore_case);
    for (const std::string& reference : *sample.references) {
      const std::string wanted = normalize(reference, options_.form, options_.ignore_case);
      if (whole_ ? output == wanted : output.find(wanted) != std::string::npos) return Score::of(1);
    }
    return Score::of(0);
  }
  std::string signature() const override {
    return (whole_ ? "equals|" : "contains|") + text_signature(options_) + "|v1";
  }
  ScoreRange range() const override { return ScoreRange::Binary; }
  Result<void> check_reference(std::string_view reference) const override {
    if (whole_ || !reference.empty()) return {};
    return Error{ErrorCode::InvalidArgument,
                 "found an empty text, allowed a text that an answer may or may not contain"};
  }

 private:
  ScorerOptions options_;
  bool whole_;
};

}  // namespace

std::unique_ptr<Scorer> make_equals(const ScorerOptions& options) {
  return std::make_unique<TextMatch>(options, true);
}

std::unique_ptr<Scorer> make_contains(const ScorerOptions& options) {
  return std::make_unique<TextMatch>(options, false);
}

}  // namespace llmops::scorers
