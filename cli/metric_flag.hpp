// --metric NAME[:key=value,…]
#pragma once

#include <string>
#include <vector>

#include "crds/base/result.hpp"
#include "evaluator/judgement/metric_plan.hpp"

namespace llmops::cli {

// Keys: ignoreCase=true|false, form=nfc|nfkc, name=TEXT (what the result calls it; default the scorer's name)
// and pattern=RE2 (the last one: it takes the rest, commas too). InvalidArgument names flag, found, allowed.
Result<std::vector<judgement::MetricPlan>> parse_metric_flags(const std::vector<std::string>& flags);

}  // namespace llmops::cli
