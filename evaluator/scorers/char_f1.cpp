// char-f1: the F1 of KorQuAD 1.0's official evaluation script (evaluate-v1.0.py): quotation marks and
// brackets become spaces, lower case, ASCII punctuation and white space go, then F1 over the multiset of
// characters; nothing in common is 0, the best reference counts. A Korean particle costs a little, not
// everything as in a word F1. Ours alone: NFC first, so that decomposed Hangul compares equal.
#include <utf8proc.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "evaluator/scorers/makers.hpp"

namespace llmops::scorers {
namespace {

using Characters = std::map<std::int32_t, long>;

bool is_ascii_punctuation(std::int32_t c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

// The quotation marks and brackets outside ASCII; those inside are ASCII punctuation and go anyway.
bool is_dropped_mark(std::int32_t c) {
  constexpr std::int32_t kMarks[] = {0x300A, 0x300B, 0x3008, 0x3009, 0x2018, 0x2019};
  return std::find(std::begin(kMarks), std::end(kMarks), c) != std::end(kMarks);
}

Characters characters_of(std::string_view text, UnicodeForm form, long& total) {
  Characters counts;
  total = 0;
  for (const std::int32_t c : code_points(normalize(text, form, false))) {
    if (is_white_space(c) || is_ascii_punctuation(c) || is_dropped_mark(c)) continue;
    ++counts[utf8proc_tolower(c)];
    ++total;
  }
  return counts;
}

class CharF1 final : public Scorer {
 public:
  explicit CharF1(const ScorerOptions& options) : form_(options.form) {}

  Score score(const Sample& sample) const override {
    if (!sample.references || sample.references->empty()) return Score::unscored("no reference");
    long output_total = 0;
    const Characters output = characters_of(sample.output, form_, output_total);
    double best = 0;
    for (const std::string& reference : *sample.references) {
      long reference_total = 0;
      const Characters wanted = characters_of(reference, form_, reference_total);
      long common = 0;
      for (const auto& [character, count] : wanted)
        if (const auto found = output.find(character); found != output.end())
          common += std::min(count, found->second);
      if (common > 0)
        best = std::max(
            best, 2.0 * static_cast<double>(common) / static_cast<double>(output_total + reference_total));
    }
    return Score::of(best);
  }
  std::string signature() const override {
    return std::string("char-f1|korquad:1.0|case:lower") + (form_ == UnicodeForm::Nfc ? "|nfc" : "|nfkc") +
           "|v1";
  }
  ScoreRange range() const override { return ScoreRange::Unit; }
  Result<void> check_reference(std::string_view reference) const override {
    long total = 0;
    characters_of(reference, form_, total);
    if (total > 0) return {};
    return Error{ErrorCode::InvalidArgument,
                 "found a text of spaces and punctuation only, allowed one with letters or digits"};
  }

 private:
  UnicodeForm form_;
};

}  // namespace

std::unique_ptr<Scorer> make_char_f1(const ScorerOptions& options) {
  return std::make_unique<CharF1>(options);
}

}  // namespace llmops::scorers
