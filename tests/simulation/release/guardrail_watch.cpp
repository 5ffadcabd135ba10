#include "tests/simulation/release/guardrail_watch.hpp"

#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"
#include "tests/simulation/release/cluster.hpp"

namespace llmops::simulation {

const GuardrailWatch::Content* GuardrailWatch::content(const ObjectStore& store, const std::string& hash) {
  if (hash.empty()) return nullptr;
  if (const auto known = contents_.find(hash); known != contents_.end()) return &known->second;
  for (const Json& record : store.list(kube::kControllerRevisions, kNamespace)) {
    const Json* annotations = find_path(record, "metadata.annotations");
    if (!annotations || annotations->value(std::string(names::kHash), "") != hash) continue;
    Json parts = *find_path(record, "data.parts");
    Content made;
    if (parts.contains("Guardrail")) made.guardrails = dump_json(parts["Guardrail"]);
    parts.erase("Guardrail");
    made.others = dump_json(parts);
    return &contents_.emplace(hash, std::move(made)).first->second;
  }
  return nullptr;
}

std::vector<std::string> GuardrailWatch::look(const ObjectStore& store, const wire::GatewayModel& model,
                                              const api::ModelDeploymentStatus& status) {
  std::vector<std::string> problems;
  Arms arms;
  bool candidate_serves = false;
  for (const auto& arm : model.arms) {
    (arm.name == "stable" ? arms.stable : arms.candidate) = arm.revision;
    candidate_serves = candidate_serves || (arm.name != "stable" && arm.weight > 0);
  }
  const Content* stable = content(store, arms.stable);
  const Content* candidate = content(store, arms.candidate);
  if (stable && candidate && candidate_serves && stable->guardrails != candidate->guardrails &&
      stable->others != candidate->others)
    problems.push_back("candidate " + short_hash(arms.candidate) +
                       " meets users with other guardrails and other " + "parts at once");
  const Content* old_stable = before_ ? content(store, before_->stable) : nullptr;
  const Content* old_candidate = before_ ? content(store, before_->candidate) : nullptr;
  if (stable && old_stable && stable->guardrails != old_stable->guardrails) {
    const auto* last = status.history.empty() ? nullptr : &status.history.front();
    const bool promoted = last && last->outcome == api::HistoryOutcome::Promoted &&
                          last->hash == arms.stable && last->changed == std::vector{api::Part::Guardrail} &&
                          stable->others == old_stable->others;
    const bool swapped = last && last->outcome == api::HistoryOutcome::Swapped && last->hash == arms.stable &&
                         stable->others == old_stable->others;
    const bool returned = arms.stable == previous_stable_;
    const std::string what =
        "guardrails of stable changed from " + short_hash(before_->stable) + " to " + short_hash(arms.stable);
    if (!promoted && !swapped && !returned)
      problems.push_back(what + " by neither a release of guardrails, an exchange nor a return");
    // One that is being taken back keeps them: it meets nobody any more.
    const bool taken_back = status.run && status.run->decision && !candidate_serves;
    if (swapped && !taken_back && candidate && old_candidate &&
        old_candidate->guardrails == old_stable->guardrails && candidate->guardrails != stable->guardrails)
      problems.push_back(what + " and the candidate kept the old ones");
  }
  if (!arms.stable.empty()) before_ = arms;
  previous_stable_ = status.previous_stable ? status.previous_stable->hash : "";
  return problems;
}

}  // namespace llmops::simulation
