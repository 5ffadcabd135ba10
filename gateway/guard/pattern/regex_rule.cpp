#include "gateway/guard/pattern/regex_rule.hpp"

#include <utility>
#include <vector>

#include "gateway/guard/pattern/pattern_rule.hpp"

namespace llmops::guard {

Result<std::unique_ptr<SpanRule>> make_regex_rule(const api::RegexSettings& settings,
                                                  const RuleContext& context) {
  std::vector<PatternSource> sources;
  for (const std::string& pattern : settings.patterns)
    sources.push_back({pattern, settings.ignore_case.value_or(false)});
  Result<PatternSet> set = PatternSet::compile(std::move(sources), context.max_match_bytes);
  if (!set) return set.error();
  return std::unique_ptr<SpanRule>(
      std::make_unique<PatternRule>(std::move(set).value(), nullptr, context.max_match_bytes));
}

}  // namespace llmops::guard
