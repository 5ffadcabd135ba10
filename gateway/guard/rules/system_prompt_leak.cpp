#include <algorithm>

#include "gateway/guard/rules/characters.hpp"
#include "gateway/guard/rules/makers.hpp"
#include "gateway/guard/rules/words.hpp"

namespace llmops::guard {
namespace {

using namespace rules;  // the helpers of this room

constexpr std::size_t kDefaultWords = 8;
constexpr std::size_t kFreeWords = 2;  // of a row, in front of the span

// The two free words of a row, what is behind each of them, and a character that shows where the first
// begins.
constexpr std::size_t kContext = kFreeWords * (kLongestWordBytes + kLongestGapBytes) + 8;

// Where a pair of neighbours stands in the prompt.
struct Pair {
  std::uint64_t hash = 0;
  std::size_t position = 0;
  bool operator<(const Pair& other) const {
    return hash != other.hash ? hash < other.hash : position < other.position;
  }
};

enum class Row { None, Open, Found };

class SystemPromptLeakRule final : public SpanRule {
 public:
  SystemPromptLeakRule(std::string_view prompt, std::size_t words) {
    prompt_ = words_of(prompt, 0);
    length_ = std::min(words, prompt_.size());
    if (length_ <= kFreeWords) return;
    for (std::size_t i = 0; i + length_ <= prompt_.size(); ++i)
      if (is_comparable(prompt_[i]) && is_comparable(prompt_[i + 1]))
        pairs_.push_back({hash_of(prompt_[i].hash, prompt_[i + 1].hash), i});
    std::sort(pairs_.begin(), pairs_.end());
  }

  void scan(const Window& window, Scan& scan) const override {
    const std::string_view text = window.text;
    scan.decided = text.size();
    if (pairs_.empty()) return;
    const std::size_t reach = std::min(kContext, window.look_back.value_or(kContext));
    std::size_t begin = window.from > reach ? window.from - reach : 0;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
    const std::vector<Word> words = words_of(text, begin);
    std::size_t free_from = window.from;
    for (std::size_t first = 0; first + kFreeWords < words.size(); ++first) {
      const std::size_t span_begin = words[first + kFreeWords].begin;
      if (span_begin < free_from) continue;
      switch (row_at(text, words, first, window.complete)) {
        case Row::None:
          break;
        case Row::Open:
          scan.decided = span_begin;
          scan.look_back = span_begin - words[first].begin;
          return;
        case Row::Found:
          free_from = words[first + length_ - 1].end;
          scan.spans.push_back({span_begin, free_from, {}, 1});
          break;
      }
    }
    // The free words of a row of which the third word is the next one.
    if (words.size() >= kFreeWords) scan.look_back = scan.decided - words[words.size() - kFreeWords].begin;
  }
  std::size_t context_bytes() const override { return kContext + 4; }

 private:
  Row row_at(std::string_view text, const std::vector<Word>& words, std::size_t first, bool complete) const {
    if (!in_a_row(words[first], words[first + 1])) return Row::None;
    const std::uint64_t hash = hash_of(words[first].hash, words[first + 1].hash);
    bool open = false;
    for (auto pair = std::lower_bound(pairs_.begin(), pairs_.end(), Pair{hash, 0});
         pair != pairs_.end() && pair->hash == hash; ++pair) {
      const Row row = compare(text, words, first, pair->position, complete);
      if (row == Row::Found) return row;
      open = open || row == Row::Open;
    }
    return open ? Row::Open : Row::None;
  }

  Row compare(std::string_view text, const std::vector<Word>& words, std::size_t first, std::size_t position,
              bool complete) const {
    for (std::size_t i = kFreeWords; i < length_; ++i) {
      if (first + i == words.size()) {
        const bool may_go_on = !complete && text.size() - words.back().end <= kLongestGapBytes;
        return may_go_on ? Row::Open : Row::None;
      }
      const Word& said = words[first + i];
      const Word& meant = prompt_[position + i];
      if (!in_a_row(words[first + i - 1], said) || !is_comparable(meant)) return Row::None;
      if (said.end == text.size() && !complete)
        return meant.folded.starts_with(said.folded) ? Row::Open : Row::None;
      if (said.hash != meant.hash) return Row::None;
    }
    return Row::Found;
  }

  std::vector<Word> prompt_;
  std::vector<Pair> pairs_;
  std::size_t length_ = 0;  // words in a row that are a leak
};

}  // namespace

Result<std::unique_ptr<SpanRule>> make_system_prompt_leak_rule(const api::SystemPromptLeakSettings& settings,
                                                               const RuleContext& context) {
  const auto words = static_cast<std::size_t>(settings.min_words.value_or(kDefaultWords));
  return std::unique_ptr<SpanRule>(
      std::make_unique<SystemPromptLeakRule>(folded(context.system_prompt), words));
}

}  // namespace llmops::guard
