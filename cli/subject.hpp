// Which release `why` explains.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cli/release.hpp"
#include "crds/api/eval_run.hpp"

namespace llmops::cli {

// EvalRuns of a ModelDeployment by name.
using EvalRuns = std::map<std::string, api::EvalRun>;

// A release of the history, or the one that is on.
struct Subject {
  std::optional<std::size_t> entry;  // index in status.history; none: the one that is on
  std::int64_t revision = 0;
  std::string hash;
  std::optional<api::RevisionReference>
      stable;                       // what it was to replace; none: a first deploy, or no longer known
  std::optional<std::int64_t> run;  // its number, where that is known
};

// `revision`: the latest release of that revision; none: the one that is on, else the last that ended.
// nullopt without `revision` when no release has begun yet. NotFound names the revisions that are known.
Result<std::optional<Subject>> choose_subject(const Release& release, const EvalRuns& eval_runs,
                                              std::optional<std::int64_t> revision);

}  // namespace llmops::cli
