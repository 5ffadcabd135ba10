// An EvalGate from manifests, ready to judge recorded answers.
#pragma once

#include <istream>
#include <string>
#include <vector>

#include "crds/api/eval_gate.hpp"
#include "crds/api/shared.hpp"
#include "crds/base/result.hpp"
#include "evaluator/judgement/metric_plan.hpp"

namespace llmops::cli {

struct Gate {
  std::string name;
  api::OfflineEvaluation offline;
  // A metric whose scorer this program does not have (or none is named) can still be judged by recorded
  // scores: its plan has no scorer. `direction: decrease` beside such a scorer says that less is better.
  std::vector<judgement::MetricPlan> plans;
};

// `path`: a file, a folder or "-". `name` chooses among several gates; empty when there is only one.
Result<Gate> read_gate(const std::string& path, const std::string& name, std::istream& in);

// A live one: spec.live.
struct LiveGateFile {
  std::string name;
  api::LiveEvaluation live;
};
Result<LiveGateFile> read_live_gate(const std::string& path, const std::string& name, std::istream& in);

}  // namespace llmops::cli
