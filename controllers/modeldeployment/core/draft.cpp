#include "controllers/modeldeployment/core/draft.hpp"

#include "controllers/modeldeployment/core/analysis.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/text.hpp"

namespace llmops::release {
namespace {

// Bounds of the CRD.
constexpr std::size_t kMaxMessageBytes = 1024;
constexpr std::size_t kMaxHistory = 20;

}  // namespace

std::string revision_name(const api::RevisionStatus& revision) {
  return "revision " + std::to_string(revision.revision) + " (" + short_hash(revision.hash) + ")";
}

void retire(Draft& draft, const std::string& serving_hash, Timestamp not_before) {
  auto& status = draft.status;
  if (status.stable && status.stable->serving_hash == serving_hash) return;
  if (status.previous_stable && status.previous_stable->serving_hash == serving_hash) return;
  if (status.aside && status.aside->serving_hash == serving_hash) return;
  for (const auto& entry : status.retiring)
    if (entry.serving_hash == serving_hash) return;
  api::Retiring entry;
  entry.serving_hash = serving_hash;
  entry.not_before = not_before;
  status.retiring.push_back(std::move(entry));
  if (status.retiring.size() > 8) status.retiring.erase(status.retiring.begin());
}

api::Arm make_arm(api::ArmName name, const api::RevisionStatus& revision, std::int64_t weight) {
  api::Arm arm;
  arm.name = name;
  arm.revision = revision.revision;
  arm.hash = revision.hash;
  arm.serving_hash = revision.serving_hash;
  arm.weight = weight;
  arm.load_state = api::LoadState::Provisioning;
  return arm;
}

void wait_for(Draft& draft, api::WaitKind kind, std::string name, std::string detail,
              std::optional<Timestamp> until) {
  api::WaitingFor waiting;
  waiting.kind = kind;
  if (!name.empty()) waiting.name = std::move(name);
  waiting.until = until;
  const auto& before = draft.observed.status.waiting_for;
  const bool same = before && before->kind == waiting.kind && before->name == waiting.name;
  waiting.since = same && before->since ? before->since : draft.observed.now;
  draft.waiting = std::move(waiting);
  draft.detail = std::move(detail);
}

void add_history(Draft& draft, api::HistoryOutcome outcome, std::string decided_by,
                 std::string_view message) {
  auto& status = draft.status;
  api::HistoryEntry entry;
  entry.revision = status.candidate->revision;
  entry.hash = status.candidate->hash;
  entry.outcome = outcome;
  entry.start_time = status.run->started_at;
  entry.end_time = draft.observed.now;
  entry.decided_by = std::move(decided_by);
  entry.changed = status.candidate->changed;
  entry.message = clip(message, kMaxMessageBytes);
  entry.gates = gate_results(draft.observed, *status.run);
  keep_in_history(status, std::move(entry));
}

void keep_in_history(api::ModelDeploymentStatus& status, api::HistoryEntry entry) {
  status.history.insert(status.history.begin(), std::move(entry));
  if (status.history.size() > kMaxHistory) status.history.resize(kMaxHistory);
}

}  // namespace llmops::release
