#include <algorithm>

#include "gateway/guard/pattern/pattern_set.hpp"
#include "gateway/guard/rules/injection_patterns.hpp"
#include "gateway/guard/rules/makers.hpp"

namespace llmops::guard {
namespace {

using namespace rules;  // the helpers of this room

// More than any expression of injection_patterns.cpp can match: none is ever overlong, and no search looks
// for it.
constexpr std::size_t kLongestMatch = 1024;

class InjectionRule final : public SpanRule {
 public:
  explicit InjectionRule(PatternSet patterns) : patterns_(std::move(patterns)) {}

  void scan(const Window& window, Scan& scan) const override {
    std::vector<PatternMatch> matches;
    scan.decided = patterns_.find(window, nullptr, matches);
    for (const PatternMatch& match : matches) {
      if (match.begin >= scan.decided && !window.complete) break;
      // Phrases that overlap are one finding: what is left uncovered is then uncovered for each expression,
      // and a search may begin there anew.
      if (!scan.spans.empty() && match.begin < scan.spans.back().end)
        scan.spans.back().end = std::max(scan.spans.back().end, match.end);
      else
        scan.spans.push_back({match.begin, match.end, {}, 1});
    }
    if (!window.complete && !scan.spans.empty() && scan.spans.back().end > scan.decided) {
      scan.decided = scan.spans.back().begin;
      scan.spans.pop_back();
    }
  }
  std::size_t context_bytes() const override { return 4; }

 private:
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
