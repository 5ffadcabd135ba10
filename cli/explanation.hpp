// A decision about a revision, put together from what the cluster recorded of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/part_difference.hpp"
#include "cli/release.hpp"
#include "cli/subject.hpp"
#include "crds/api/eval_run.hpp"

namespace llmops::cli {

// What was read beside the ModelDeployment. Absent: it no longer exists, or may not be read.
struct Records {
  EvalRuns eval_runs;
  std::optional<Json> content;         // data.parts of the revision
  std::optional<Json> stable_content;  // likewise of what it was to replace
  std::optional<std::vector<api::CanaryStep>> plan;
};

struct PartChange {
  api::Part part{};
  std::vector<PartDifference> differences;  // empty: the contents are no longer known
};

struct GateEvidence {
  std::string gate;
  std::string eval_run;
  std::string verdict;                 // of api::EvalRunPhase
  std::optional<api::EvalRun> record;  // absent: only what `summary` says is left
  std::optional<api::GateResult> summary;
};

struct Explanation {
  std::string ns, name;
  Subject subject;
  std::string outcome;  // of api::HistoryOutcome, or "Running"
  std::vector<PartChange> changes;
  std::vector<GateEvidence> gates;  // in order of time
  std::string decided_by;           // empty while nothing is decided
  std::string reason;               // one word, where it is known
  std::string message;
  std::optional<std::int64_t> decided_at_weight;  // percent of the conversations the candidate had by then
  Timestamp started{};
  std::optional<Timestamp> ended;
  std::vector<std::string> followed;  // sentences
  std::vector<std::string> next;      // what a person can do, sentences
  std::string blocked;                // why the spec as it is now cannot begin a release; empty: nothing does
};

Explanation explain(const Release& release, const Subject& subject, const Records& records, Timestamp now);

// Why nothing can be released now; empty when nothing is in the way.
std::string blocked_by(const Release& release);

}  // namespace llmops::cli
