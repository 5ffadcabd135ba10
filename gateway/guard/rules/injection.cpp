#include <algorithm>
#include <functional>
#include <utility>

#include "gateway/guard/pattern/pattern_set.hpp"
#include "gateway/guard/pattern/wider_window.hpp"
#include "gateway/guard/rules/injection_patterns.hpp"
#include "gateway/guard/rules/makers.hpp"

namespace llmops::guard {
namespace {

using namespace rules;  // the helpers of this room

// More than any expression of injection_patterns.cpp can match: none is ever overlong, and no search looks
// for it.
constexpr std::size_t kLongestMatch = 1024;

// Behind the last white space of text[begin, end), at least `begin`.
std::size_t last_word(std::string_view text, std::size_t begin, std::size_t end) {
  const std::size_t white = text.substr(0, end).find_last_of(" \t\r\n");
  return white == std::string_view::npos ? begin : std::max(begin, white + 1);
}

// A finding is the last word of a phrase. What stands before has no secret in it and leaves: the phrase is
// only one with its last word, and that one is held.
class InjectionRule final : public SpanRule {
 public:
  explicit InjectionRule(PatternSet patterns) : patterns_(std::move(patterns)) {}

  void scan(const Window& window, Scan& scan) const override {
    LeadsBefore leads;
    std::vector<Span> words;
    // Refusing all makes the search tell every phrase: where it begins then changes nothing.
    const auto note = [&](const PatternMatch& match, std::string_view text) {
      const std::size_t begin = last_word(text, match.begin, match.end);
      leads.found(match.begin, begin);
      if (begin >= window.from && begin < match.end) words.push_back({begin, match.end, {}, 1});
      return false;
    };
    // No phrase ends in white space, so the last word of one on its way is the text's or a later one.
    const auto on_its_way = [&](const PatternMatch& match, std::string_view text) {
      leads.on_its_way(match.begin);
      const bool found = match.end > match.begin;
      return last_word(text, match.begin, found ? match.end : text.size());
    };
    std::vector<PatternMatch> none;
    const std::size_t known = patterns_.find(wider(window, kLongestPhraseBytes), std::cref(note), none,
                                             nullptr, std::cref(on_its_way));
    scan.decided = std::max(window.from, known);
    settle(std::move(words), window.complete, scan);
    scan.look_back = leads.look_back(scan.decided);
  }
  std::size_t context_bytes() const override { return kLongestPhraseBytes + 8; }

 private:
  // Words that overlap are one finding: what is left uncovered is then uncovered for each phrase, and a
  // search may begin there anew.
  static void settle(std::vector<Span> words, bool complete, Scan& scan) {
    std::sort(words.begin(), words.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
    for (const Span& word : words) {
      if (word.begin >= scan.decided && !complete) break;
      if (!scan.spans.empty() && word.begin < scan.spans.back().end)
        scan.spans.back().end = std::max(scan.spans.back().end, word.end);
      else
        scan.spans.push_back(word);
    }
    if (complete || scan.spans.empty() || scan.spans.back().end <= scan.decided) return;
    scan.decided = scan.spans.back().begin;
    scan.spans.pop_back();
  }

  PatternSet patterns_;
};

}  // namespace

Result<std::unique_ptr<SpanRule>> make_injection_rule(const api::InjectionSettings& settings,
                                                      const RuleContext&) {
  std::vector<PatternSource> sources;
  for (std::string& expression :
       injection_expressions(settings.sensitivity.value_or(api::InjectionSensitivity::Medium)))
    sources.push_back({std::move(expression), true});
  auto patterns = PatternSet::compile(std::move(sources), kLongestMatch);
  if (!patterns) return patterns.error();
  return std::unique_ptr<SpanRule>(std::make_unique<InjectionRule>(std::move(*patterns)));
}

}  // namespace llmops::guard
