#include "cli/metric_flag.hpp"

#include <string_view>

namespace llmops::cli {
namespace {

Error wrong(std::string_view flag, std::string_view found, std::string_view allowed) {
  return Error{ErrorCode::InvalidArgument, "--metric " + std::string(flag) + ": found " + std::string(found) +
                                               ", allowed " + std::string(allowed)};
}

Result<void> apply(std::string_view flag, std::string_view key, std::string_view value,
                   scorers::ScorerOptions& options, std::string& name) {
  const std::string found = std::string(key) + "=" + std::string(value);
  if (key == "ignoreCase") {
    if (value != "true" && value != "false") return wrong(flag, found, "ignoreCase=true or ignoreCase=false");
    options.ignore_case = value == "true";
  } else if (key == "form") {
    if (value != "nfc" && value != "nfkc") return wrong(flag, found, "form=nfc or form=nfkc");
    options.form = value == "nfc" ? scorers::UnicodeForm::Nfc : scorers::UnicodeForm::Nfkc;
  } else if (key == "name") {
    if (value.empty() || value.size() > 40) return wrong(flag, found, "name= with 1 to 40 bytes");
    name = std::string(value);
  } else if (key == "pattern") {
    options.pattern = std::string(value);
  } else {
    return wrong(flag, "\"" + std::string(key) + "\"", "the keys ignoreCase, form, name and pattern");
  }
  return {};
}

Result<judgement::MetricPlan> parse_one(const std::string& flag) {
  const std::size_t colon = std::min(flag.find(':'), flag.size());
  const std::string_view scorer_name = std::string_view(flag).substr(0, colon);
  const auto kind = scorers::parse_scorer_kind(scorer_name);
  if (!kind)
    return wrong(flag, "\"" + std::string(scorer_name) + "\"", "the scorers " + scorers::scorer_names());
  scorers::ScorerOptions options;
  options.kind = *kind;
  judgement::MetricPlan plan;
  plan.metric.name = std::string(scorer_name);
  std::string_view rest = std::string_view(flag).substr(std::min(colon + 1, flag.size()));
  while (!rest.empty()) {
    const bool last = rest.starts_with("pattern=");
    const std::size_t comma = last ? rest.size() : std::min(rest.find(','), rest.size());
    const std::string_view pair = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return wrong(flag, "\"" + std::string(pair) + "\"", "key=value");
    const auto applied =
        apply(flag, pair.substr(0, equals), pair.substr(equals + 1), options, plan.metric.name);
    if (!applied) return applied.error();
  }
  auto scorer = scorers::make_scorer(options);
  if (!scorer) return with_context(scorer.error(), "--metric " + flag);
  plan.scorer_name = std::string(scorer_name);
  plan.higher_is_better = (*scorer)->higher_is_better();
  plan.scorer = std::move(*scorer);
  return plan;
}

}  // namespace

Result<std::vector<judgement::MetricPlan>> parse_metric_flags(const std::vector<std::string>& flags) {
  std::vector<judgement::MetricPlan> plans;
  for (const std::string& flag : flags) {
    auto plan = parse_one(flag);
    if (!plan) return plan.error();
    for (const auto& earlier : plans)
      if (earlier.metric.name == plan->metric.name)
        return wrong(flag, "the name " + plan->metric.name + " again", "unique names (add name=…)");
    plans.push_back(std::move(*plan));
  }
  return plans;
}

}  // namespace llmops::cli
