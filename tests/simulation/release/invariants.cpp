#include "tests/simulation/release/invariants.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"
#include "crds/wire/gateway_config.hpp"
#include "tests/simulation/release/known_reasons.hpp"

namespace llmops::simulation {
namespace {

std::string label(const Json& object, std::string_view name) {
  const Json* labels = find_path(object, "metadata.labels");
  return labels ? labels->value(std::string(name), "") : "";
}

std::string annotation(const Json& object, std::string_view name) {
  const Json* annotations = object.is_object() ? find_path(object, "metadata.annotations") : nullptr;
  return annotations ? annotations->value(std::string(name), "") : "";
}

// DESIGN §5.4.
std::int64_t needed(std::int64_t replicas, std::int64_t weight) {
  return weight == 0 ? 0 : std::max<std::int64_t>(1, (replicas * weight + 99) / 100);
}

}  // namespace

void Invariants::violated(const std::string& what) {
  violations_.push_back("at " + last_written_ + ": " + what);
}

void Invariants::catch_up() {
  const ObjectStore& store = cluster_->server->store;
  if (store.revision() <= seen_) return;
  const auto events = store.since(std::max(seen_, store.oldest()));
  seen_ = store.revision();
  for (const StoredEvent* event : *events) {
    last_written_ = std::string(event->type->plural) + " " + event->key.name + " (" +
                    std::to_string(event->revision) + ")";
    if (event->after.is_null()) continue;
    if (const std::string unknown = unknown_reason(*event); !unknown.empty())
      violated(unknown + " stands in no table of crds/base/reasons.hpp");
    if (*event->type == kube::kModelDeployments && event->key.name == name_) on_status(*event);
    if (*event->type == kube::kEvalGates && !event->before.is_null() &&
        *find_path(event->before, "spec") != *find_path(event->after, "spec"))
      gates_changed_ = event->revision;
    if (*event->type == kube::kConfigMaps && event->key.name == name_ + "-gateway") on_config(*event);
    if (label(event->after, names::kModelDeployment) != name_) continue;
    if (*event->type == kube::kControllerRevisions) on_record(*event);
    if (*event->type == kube::kDeployments) on_engine(*event);
    if (*event->type == kube::kEvalRuns)
      for (const auto& problem : live_.on_eval_run(*event)) violated(problem);
    const std::string phase = string_at(event->after, "status.phase");
    const bool tried = bool_at(event->after, "spec.dryRun") && !phase.empty() && phase != "Running";
    if (*event->type == kube::kEvalRuns && (phase == "Successful" || tried) &&
        !find_path(event->after, "spec.live"))
      passed_.insert(string_at(event->after, "spec.revision.hash"));
  }
}

Timestamp Invariants::now() const {
  return cluster_->world->options().start + cluster_->world->time();
}

bool Invariants::is_rejected(const std::string& hash) const {
  const auto found = rejected_.find(hash);
  if (found == rejected_.end()) return false;
  const api::Rejection& rejection = found->second.rejection;
  if (found->second.seen < gates_changed_) return false;
  // A release that began before its gate was changed is rejected by the old one.
  const Json* gate = rejection.gate
                         ? cluster_->server->store.find(kube::kEvalGates, {kNamespace, *rejection.gate})
                         : nullptr;
  return !gate || !rejection.gate_digest || string_at(*gate, "status.digest") == *rejection.gate_digest;
}

Invariants::Arms Invariants::arms_of(const api::ModelDeploymentStatus& status) {
  Arms arms;
  for (const auto& arm : status.arms)
    arms[std::string(to_string(arm.name))] = {arm.hash, arm.serving_hash, arm.weight};
  return arms;
}

void Invariants::on_status(const StoredEvent& event) {
  const auto object = api::ModelDeployment::parse(event.after);
  if (!object.ok()) return violated("the status does not parse: " + object.error().message);
  if (object->spec.replicas != replicas_) {
    replicas_at_least_ = std::min(replicas_at_least_, object->spec.replicas);
    replicas_ = object->spec.replicas;
  }
  if (!object->status) {
    if (!event.before.is_null() && event.before.json().contains("status")) on_lost_status();
    status_ = {};
    return;
  }
  const auto& status = *object->status;
  Arms arms = arms_of(status);
  if (arms.size() != status.arms.size() || arms.size() > 2)
    violated("the status has more than one candidate");
  for (const auto& rejection : status.rejected)
    if (Refusal& known = rejected_[rejection.hash]; known.seen == 0 || known.rejection.time != rejection.time)
      known = {rejection, event.revision};
  check_pointers(status_, status);
  // A release whose pinned plan has no gate has nothing to pass; the spec may be another by now.
  if (status.candidate && status.run &&
      (!status_.candidate || status_.candidate->hash != status.candidate->hash)) {
    const std::string plan = name_ + "-run-" + std::to_string(status.run->number);
    const Json* record = cluster_->server->store.find(kube::kControllerRevisions, {kNamespace, plan});
    if (!record) violated(plan + " began without its plan");
    // Users of a first deploy are not there yet to be watched.
    const std::string judges = status.run->first_deploy.value_or(false) ? "offline" : "analysis";
    if (record && dump_json(*find_path(*record, "data")).find(judges) == std::string::npos)
      passed_.insert(status.candidate->hash);
  }
  for (const auto& problem : live_.on_status(name_, status_, status)) violated(problem);
  // An exchange is not judged: its revisions stand for those that were.
  if (status_.swap && !status.swap && status.stable && status.stable->hash == status_.swap->stable) {
    passed_.insert(status_.swap->stable);
    rejected_.erase(status_.swap->stable);  // whoever asks for it at once has it
    if (status_.swap->candidate && passed_.contains(status_.candidate->hash))
      passed_.insert(*status_.swap->candidate);
    if (status_.swap->previous_stable) passed_.insert(*status_.swap->previous_stable);  // a bake's holdback
  }
  if (status.epoch && !status_.epoch && nobody_knows_an_epoch()) {
    authorised_.clear();
    configured_.clear();
  }
  status_ = status;
  note_policy();
  if (status.epoch && *status.epoch > 0) {
    // The epoch of a candidate's first configuration comes a write after the candidate itself, so at weight 0
    // an arm may come without a new epoch.
    std::erase_if(arms, [](const auto& arm) { return arm.second.weight == 0; });
    const auto known = authorised_.find(*status.epoch);
    if (known != authorised_.end() && known->second != arms)
      violated("epoch " + std::to_string(*status.epoch) + " was authorised with other weights before");
    if (!authorised_.empty() && *status.epoch < authorised_.rbegin()->first)
      violated("the epoch of the status fell");
    authorised_[*status.epoch] = std::move(arms);
  }
}

// The ConfigMap has gone as well as the status, and every gateway that had read it.
bool Invariants::nobody_knows_an_epoch() const {
  return cluster_->highest_epoch(name_) == 0 &&
         !cluster_->server->store.find(kube::kConfigMaps, {kNamespace, name_ + "-gateway"});
}

// With a status goes what only the status told: epochs that no gateway was told may be given anew.
void Invariants::on_lost_status() {
  status_lost_ = true;
  cluster_->status_lost_at = cluster_->world->time();
  const std::int64_t told = configured_.empty() ? 0 : configured_.rbegin()->first;
  authorised_.erase(authorised_.upper_bound(told), authorised_.end());
  if (status_.swap) {  // its record may say so before the next status does
    passed_.insert(status_.swap->stable);
    rejected_.erase(status_.swap->stable);
  }
  lost_.push_back(status_);
  exchange_lost_ = exchange_lost_ || policy_ != "Surge";
  // A rejection that no record tells of yet is lost too.
  std::set<std::string> recorded;
  for (const Json& record : cluster_->server->store.list(kube::kControllerRevisions, kNamespace))
    if (!annotation(record, names::kRejectedAt).empty()) recorded.insert(annotation(record, names::kHash));
  std::erase_if(rejected_, [&](const auto& entry) { return !recorded.contains(entry.first); });
}

// First the decision stands in the status, then the record of the revision tells it, then the pointers move:
// so that a cluster restored without status knows what was stable, and what is never to be tried again.
void Invariants::on_record(const StoredEvent& event) {
  const std::string hash = annotation(event.after, names::kHash);
  for (const auto& [key, outcome] : {std::pair{names::kPromotedAt, api::Outcome::Promoted},
                                     std::pair{names::kRejectedAt, api::Outcome::RolledBack}}) {
    if (annotation(event.after, key).empty() || annotation(event.before, key) == annotation(event.after, key))
      continue;
    const bool decided = status_.candidate && status_.candidate->hash == hash && status_.run &&
                         status_.run->decision && status_.run->decision->outcome == outcome;
    const bool decided_before = std::ranges::any_of(lost_, [&](const auto& lost) {
      return lost.candidate && lost.candidate->hash == hash && lost.run && lost.run->decision &&
             lost.run->decision->outcome == outcome &&
             annotation(event.after, key) == format_timestamp(lost.run->decision->time);
    });
    const auto swaps = [&](const auto& status) { return status.swap && status.swap->stable == hash; };
    const bool exchanged =
        outcome == api::Outcome::Promoted && (swaps(status_) || std::ranges::any_of(lost_, swaps));
    // A return within the bake takes back a pointer that was promoted before; the time of it is decided.
    const bool returned = status_.stable && status_.stable->hash == hash && status_.returned_at &&
                          annotation(event.after, key) == format_timestamp(*status_.returned_at) &&
                          outcome == api::Outcome::Promoted;
    // What a gate of its bake refused is refused by the status.
    const auto refuses = [&](const auto& status) {
      return std::ranges::any_of(status.rejected, [&](const auto& rejection) {
        return rejection.hash == hash && annotation(event.after, key) == format_timestamp(rejection.time);
      });
    };
    const bool refused =
        outcome == api::Outcome::RolledBack && (refuses(status_) || std::ranges::any_of(lost_, refuses));
    if (!decided && !decided_before && !exchanged && !returned && !refused)
      violated(std::string(key) + " of " + short_hash(hash) + " was set before the decision was persisted");
  }
}

void Invariants::check_pointers(const api::ModelDeploymentStatus& before,
                                const api::ModelDeploymentStatus& after) {
  const auto recorded = [&](const std::string& hash, std::string_view key) {
    for (const Json& record : cluster_->server->store.list(kube::kControllerRevisions, kNamespace))
      if (annotation(record, names::kHash) == hash && label(record, names::kModelDeployment) == name_)
        return !annotation(record, key).empty();
    return false;
  };
  if (after.stable && (!before.stable || before.stable->hash != after.stable->hash) &&
      !recorded(after.stable->hash, names::kPromotedAt))
    violated("stable became " + short_hash(after.stable->hash) + " before its record said so");
  if (before.run && !after.run && before.candidate && is_rejected(before.candidate->hash) &&
      !recorded(before.candidate->hash, names::kRejectedAt))
    violated("the release of " + short_hash(before.candidate->hash) + " ended before its record said so");
}

// How this revision became stable by a status that was lost before its history could tell.
std::optional<api::HistoryEntry> Invariants::lost_entry(const std::string& stable) const {
  for (auto lost = lost_.rbegin(); lost != lost_.rend(); ++lost) {
    api::HistoryEntry entry;
    entry.hash = stable;
    if (lost->swap && lost->swap->stable == stable) {
      entry.outcome = api::HistoryOutcome::Swapped;
      return entry;
    }
    const bool promoted = lost->candidate && lost->candidate->hash == stable && lost->run &&
                          lost->run->decision && lost->run->decision->outcome == api::Outcome::Promoted;
    if (!promoted) continue;
    entry.outcome = api::HistoryOutcome::Promoted;
    entry.changed = lost->candidate->changed;
    return entry;
  }
  return std::nullopt;
}

void Invariants::on_config(const StoredEvent& event) {
  const auto text = (*find_path(event.after, "data"))["config.json"].get<std::string>();
  const auto config = wire::GatewayConfig::parse(parse_json(text).value());
  if (!config.ok()) return violated("the configuration does not parse: " + config.error().message);
  const auto& model = config->models.front();
  std::map<std::string, std::string> serving;
  for (const auto& revision : model.revisions) serving[revision.hash] = revision.serving_hash;
  Arms arms;
  for (const auto& arm : model.arms) arms[arm.name] = {arm.revision, serving[arm.revision], arm.weight};
  const std::string where = "epoch " + std::to_string(config->epoch);
  // Somebody deleted it: it may tell the same again.
  const bool made_again = event.before.is_null() && text == config_text_;
  config_text_ = text;
  // Where status and ConfigMap were lost and no gateway is left that was told, nobody knows the epoch.
  const bool forgotten =
      event.before.is_null() && status_lost_ && cluster_->highest_epoch(name_) < config->epoch;
  if (forgotten) configured_.erase(configured_.lower_bound(config->epoch), configured_.end());
  if (!configured_.empty() && config->epoch <= configured_.rbegin()->first && !made_again)
    violated(where + " does not follow epoch " + std::to_string(configured_.rbegin()->first));
  if (arms.size() != model.arms.size() || arms.size() > 2) violated(where + " has more than one candidate");
  const auto lost = std::find_if(lost_.rbegin(), lost_.rend(), [&](const auto& status) {
    return status.epoch == config->epoch && arms_of(status) == arms;
  });
  std::erase_if(arms, [](const auto& arm) { return arm.second.weight == 0; });
  const auto authorised = authorised_.find(config->epoch);
  const bool known = authorised != authorised_.end() && authorised->second == arms;
  const bool told_by_lost = lost != lost_.rend() && (!known || !status_.stable);
  api::ModelDeploymentStatus status = told_by_lost ? *lost : status_;
  // With a status its history is lost, and what it told may show only now.
  if (status.history.empty() && !lost_.empty()) {
    status.history = lost_.back().history;
    const auto stable = arms.find("stable");
    if (stable != arms.end())
      if (auto entry = lost_entry(stable->second.hash))
        status.history.insert(status.history.begin(), std::move(*entry));
  }
  if (!known && lost == lost_.rend())
    violated(where + (authorised == authorised_.end()
                          ? " is in no persisted status"
                          : " has other weights than the status that authorised it"));
  if (model.open && !status.stable) violated(where + " is open before there is a stable revision");
  check_configured(where, arms);
  for (const auto& problem : guardrails_.look(cluster_->server->store, model, status))
    violated(where + ": " + problem);
  configured_[config->epoch] = std::move(arms);
  told_[config->epoch] = {model.salt, model.open, model.arms};
}

const Json* Invariants::engine_of(const std::string& serving_hash) const {
  for (const Json& object : cluster_->server->store.list(kube::kDeployments, kNamespace))
    if (label(object, names::kServingHash) == short_hash(serving_hash))
      return cluster_->server->store.find(kube::kDeployments,
                                          {kNamespace, string_at(object, "metadata.name")});
  return nullptr;
}

void Invariants::note_policy() {
  if (!status_.run) {
    // A status that was just lost names no stable revision, and its engine is as short as it was.
    const Json* engine = status_.stable ? engine_of(status_.stable->serving_hash) : nullptr;
    if (engine && integer_at(*engine, "spec.replicas") >= replicas_) {
      policy_ = "Surge";
      exchange_lost_ = false;
    }
    return;
  }
  if (!status_.stable || !status_.candidate ||
      status_.stable->serving_hash == status_.candidate->serving_hash)
    return;
  const std::string plan = name_ + "-run-" + std::to_string(status_.run->number);
  const Json* record = cluster_->server->store.find(kube::kControllerRevisions, {kNamespace, plan});
  const std::string told = record ? string_at(*record, "data.capacity.type") : "";
  policy_ = told.empty() ? "Surge" : told;
}

// Where stable gives pods up, an arm may be short of the one that is being exchanged, and of what rounding to
// whole percents takes; going back, and in place, stable is short of whatever it gave.
bool Invariants::has_capacity(std::int64_t replicas, const std::string& arm, std::int64_t weight) const {
  const std::int64_t all = replicas_at_least_;
  if (policy_ == "Surge") return replicas >= needed(all, weight);
  const bool going_back =
      status_.run && status_.run->decision && status_.run->decision->outcome == api::Outcome::RolledBack;
  // With a lost status goes the candidate's weight, and stable has it on the pods that it had kept.
  if (arm == "stable" && (policy_ == "InPlace" || going_back || exchange_lost_)) return true;
  if (arm == "candidate" && weight < 100) return replicas >= needed(all, weight);
  return replicas * 100 >= all * weight - 100 - all;
}

// Whether this is an engine that makes room for the other arm's.
bool Invariants::gives_pods_up(const std::string& serving_hash) const {
  if (policy_ == "Surge") return false;
  const auto gives_up = [&](const api::ModelDeploymentStatus& status) {
    if (!status.run || !status.candidate || !status.stable) return false;
    const bool going_back = status.run->decision && status.run->decision->outcome == api::Outcome::RolledBack;
    const auto& giving = going_back ? status.candidate : status.stable;
    return short_hash(giving->serving_hash) == serving_hash;
  };
  // What a status asked for in the moment before it was lost may be on its way still.
  return gives_up(status_) || (!status_.run && !lost_.empty() && gives_up(lost_.back()));
}

void Invariants::check_configured(const std::string& where, const Arms& arms) {
  for (const auto& [name, arm] : arms) {
    const std::string what =
        where + " gives " + name + " (" + short_hash(arm.hash) + ") weight " + std::to_string(arm.weight);
    if (is_rejected(arm.hash)) violated(what + ", and its content is rejected");
    if (!passed_.contains(arm.hash)) violated(what + " before its gate was Successful");
    const Json* deployment = engine_of(arm.serving_hash);
    const std::int64_t has = deployment ? integer_at(*deployment, "spec.replicas") : 0;
    if (!has_capacity(has, name, arm.weight)) violated(what + " with " + std::to_string(has) + " replicas");
    // More weight comes after engines that are ready for it.
    const auto before = configured_.empty() ? Arms() : configured_.rbegin()->second;
    const auto old =
        std::ranges::find_if(before, [&](const auto& entry) { return entry.second.hash == arm.hash; });
    const bool more = name != "stable" && (old == before.end() || old->second.weight < arm.weight);
    const EngineName engine{name_, short_hash(arm.serving_hash)};
    const std::int64_t ready = cluster_->ready_pods(engine);
    if (more && !has_capacity(ready, name, arm.weight) && !cluster_->lost_lately(engine))
      violated(what + " with " + std::to_string(ready) + " engines ready");
  }
}

// An engine goes when the status says so, its time has come, and no gateway sends it anything any more.
void Invariants::check_retirement(const std::string& serving_hash, std::int64_t replicas) {
  const std::string what = "engine " + serving_hash + " was scaled down to " + std::to_string(replicas) + " ";
  const auto retiring =
      std::find_if(status_.retiring.begin(), status_.retiring.end(),
                   [&](const auto& entry) { return short_hash(entry.serving_hash) == serving_hash; });
  const bool known = retiring != status_.retiring.end();
  if (!known && !status_lost_ && !gives_pods_up(serving_hash)) violated(what + "though no status says so");
  if (known && retiring->not_before > now() + cluster_->clock_error)
    violated(what + "before its time, " + format_timestamp(retiring->not_before));
  const bool nothing_serves = status_.phase && !status_.stable && !status_.candidate;
  if (!nothing_serves && cluster_->lowest_epoch(name_) < status_.epoch.value_or(0))
    violated(what + "before every gateway knew");
  if (const auto requests = cluster_->in_flight({name_, serving_hash}); requests > 0)
    violated(what + "under " + std::to_string(requests) + " requests");
}

// The pods of a release that stepped aside stay as they are.
void Invariants::check_aside(const Json& before, const Json& after) {
  const auto had = integer_at(before, "spec.replicas"), has = integer_at(after, "spec.replicas");
  if (had != has)
    violated("the engine of a release that stepped aside went from " + std::to_string(had) + " to " +
             std::to_string(has) + " replicas");
}

// An act of ours may leave no arm, of any configuration that some gateway still assigns by, short of
// capacity.
void Invariants::on_engine(const StoredEvent& event) {
  const std::string serving_hash = label(event.after, names::kServingHash);
  if (serving_hash.empty()) return;
  if (!event.before.is_null() &&
      *find_path(event.before, "spec.template") != *find_path(event.after, "spec.template"))
    violated("the pod template of an engine was changed");
  if (status_.aside && short_hash(status_.aside->serving_hash) == serving_hash && !event.before.is_null())
    check_aside(event.before, event.after);
  const std::int64_t replicas = integer_at(event.after, "spec.replicas");
  const bool first = !status_.stable && status_.candidate;
  const bool just_lost = !status_.stable && !status_.candidate && !lost_.empty();
  const auto& serving = just_lost ? lost_.back().stable : first ? status_.candidate : status_.stable;
  const bool follows_spec = serving && short_hash(serving->serving_hash) == serving_hash;
  if (!event.before.is_null() && replicas < integer_at(event.before, "spec.replicas")) {
    // Users may ask for fewer; then the engine goes on with as many, and so does that of a candidate
    // or of what was stable before.
    const bool follows_too = std::ranges::any_of(
        std::array{&status_.candidate, &status_.previous_stable},
        [&](const auto* other) { return *other && short_hash((*other)->serving_hash) == serving_hash; });
    const bool exchanged = follows_spec && gives_pods_up(serving_hash);
    if (!exchanged && (!(follows_spec || follows_too) || replicas < replicas_at_least_))
      check_retirement(serving_hash, replicas);
    check_scaled_down(serving_hash, replicas);
  }
  if (follows_spec && replicas == replicas_) replicas_at_least_ = replicas_;
  note_policy();
}

void Invariants::check_scaled_down(const std::string& serving_hash, std::int64_t replicas) {
  const std::int64_t lowest = cluster_->lowest_epoch(name_);
  for (const auto& [epoch, arms] : configured_) {
    if (epoch < lowest) continue;
    for (const auto& [name, arm] : arms)
      if (short_hash(arm.serving_hash) == serving_hash && !has_capacity(replicas, name, arm.weight))
        violated("scaled to " + std::to_string(replicas) + " while epoch " + std::to_string(epoch) +
                 " gives " + name + " weight " + std::to_string(arm.weight));
  }
}

}  // namespace llmops::simulation
