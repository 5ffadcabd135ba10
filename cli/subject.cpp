#include "cli/subject.hpp"

#include <set>

namespace llmops::cli {
namespace {

api::RevisionReference reference(std::int64_t revision, const std::string& hash) {
  api::RevisionReference made;
  made.revision = revision;
  made.hash = hash;
  return made;
}

Subject running(const Release& release) {
  const auto& status = release.status;
  Subject subject;
  subject.revision = status.candidate->revision;
  subject.hash = status.candidate->hash;
  subject.run = status.run->number;
  if (status.stable) subject.stable = reference(status.stable->revision, status.stable->hash);
  return subject;
}

Subject ended(const Release& release, const EvalRuns& eval_runs, std::size_t index) {
  const auto& history = release.status.history;
  const auto& entry = history[index];
  Subject subject;
  subject.entry = index;
  subject.revision = entry.revision;
  subject.hash = entry.hash;
  for (const auto& gate : entry.gates) {
    const auto found = eval_runs.find(gate.eval_run);
    if (found == eval_runs.end()) continue;
    subject.run = found->second.spec.run;
    subject.stable = found->second.spec.stable_revision;
    return subject;
  }
  // Stable then was what had been promoted last before.
  for (std::size_t i = index + 1; i < history.size(); ++i) {
    if (history[i].outcome != api::HistoryOutcome::Promoted) continue;
    subject.stable = reference(history[i].revision, history[i].hash);
    break;
  }
  return subject;
}

}  // namespace

Result<std::optional<Subject>> choose_subject(const Release& release, const EvalRuns& eval_runs,
                                              std::optional<std::int64_t> revision) {
  const auto& status = release.status;
  const bool on = status.run && status.candidate;
  if (on && (!revision || *revision == status.candidate->revision)) return std::optional(running(release));
  if (!revision && status.history.empty()) return std::optional<Subject>();
  std::set<std::int64_t> known;
  if (on) known.insert(status.candidate->revision);
  for (std::size_t i = 0; i < status.history.size(); ++i) {
    if (!revision || status.history[i].revision == *revision)
      return std::optional(ended(release, eval_runs, i));
    known.insert(status.history[i].revision);
  }
  std::string names;
  for (const std::int64_t one : known) names += (names.empty() ? "" : ", ") + std::to_string(one);
  return Error{ErrorCode::NotFound, "ModelDeployment " + release.ns + "/" + release.name +
                                        ": found no release of revision " + std::to_string(*revision) +
                                        ", allowed " +
                                        (names.empty() ? "none (no release has begun)" : names)};
}

}  // namespace llmops::cli
