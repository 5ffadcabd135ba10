#include "gateway/router/router.hpp"

#include <algorithm>
#include <utility>

#include "crds/base/digest.hpp"
#include "gateway/router/bucket.hpp"

namespace llmops::gateway {
namespace {

constexpr std::string_view kStableArm = "stable";
// Requests for each slot of an engine that is handed everything.
constexpr double kWithoutBound = 1e6;

Decision refused(ErrorCode code, std::string message) {
  Decision decision;
  decision.refusal = Error{code, std::move(message)};
  return decision;
}

}  // namespace

Result<void> Router::on_config(const wire::GatewayConfig& config, const RevisionBodies& bodies) {
  if (config_ && config.epoch < config_->epoch)
    return Error{ErrorCode::Conflict, "configuration: found epoch " + std::to_string(config.epoch) +
                                          ", allowed at least " + std::to_string(config_->epoch) +
                                          " (in force)"};
  if (config_ && config.epoch == config_->epoch) {
    if (digest_of(config.to_json()) == config_->digest) return {};
    return Error{ErrorCode::Conflict, "configuration: other content under epoch " +
                                          std::to_string(config.epoch) +
                                          ", which is in force; a change needs a higher epoch"};
  }
  auto snapshot = make_snapshot(config, bodies, config_.get());
  if (!snapshot.ok())
    return with_context(snapshot.error(), "configuration of epoch " + std::to_string(config.epoch));
  config_ = std::make_shared<const ConfigSnapshot>(std::move(*snapshot));
  std::vector<std::string> revisions;
  for (const Model& model : config_->models)
    for (const RevisionPointer& revision : model.revisions) revisions.push_back(revision->hash);
  distributions_.keep(std::move(revisions));
  remember_issuers();
  note_knowledge();
  return {};
}

EndpointChange Router::on_endpoints(std::string_view serving_hash,
                                    const std::vector<EndpointAddress>& addresses) {
  EndpointChange change = endpoints_.replace(serving_hash, addresses);
  note_knowledge();
  return change;
}

void Router::on_probe(std::string_view pod_uid, bool servable, std::int64_t slots) {
  const EndpointPointer endpoint = endpoints_.find(pod_uid);
  if (!endpoint) return;
  endpoint->probed = true;
  endpoint->servable = servable;
  endpoint->suspected = false;
  if (slots > 0) endpoint->address.slots = slots;
  note_knowledge();
}

// An arm whose engines no probe has seen yet is not without engines: requests that came now would fall back
// to stable, and count as its errors.
void Router::note_knowledge() {
  if (knows_arms_ || !config_) return;
  bool servable = false, awaits = false;
  for (const Model& model : config_->models)
    for (const Arm& arm : model.arms) {
      if (arm.weight == 0) continue;
      const auto endpoints = endpoints_.of(arm.revision->serving_hash);
      servable = servable || any_servable(endpoints);
      awaits = awaits || awaits_probe(endpoints);
    }
  knows_arms_ = servable && !awaits;
}

void Router::on_suspicion(std::string_view pod_uid) {
  if (const EndpointPointer endpoint = endpoints_.find(pod_uid)) endpoint->suspected = true;
}

RequestId Router::begin(Timestamp now, int turn) {
  Request request;
  request.turn = turn;
  request.trial.started = now;
  requests_.emplace(++last_id_, std::move(request));
  return last_id_;
}

Decision Router::route(RequestId id, std::string_view model_name, std::string_view conversation_key,
                       const std::vector<std::string>& avoid) {
  const auto found = requests_.find(id);
  if (found == requests_.end()) return refused(ErrorCode::Internal, "route: this request has ended");
  Request& request = found->second;
  give_back(request);
  if (!config_) return refused(ErrorCode::Unavailable, "the gateway has no configuration yet");
  const Model* model = config_->model(model_name);
  if (!model)
    return refused(ErrorCode::NotFound,
                   "the model \"" + std::string(model_name.substr(0, 80)) + "\" does not exist");
  if (!model->open)
    return refused(ErrorCode::Unavailable, "the model \"" + model->name + "\" is not open yet");
  Decision decision;
  decision.config = config_;
  decision.model = model;
  decision.epoch = config_->epoch;
  decision.bucket = bucket_of(model->salt, conversation_key);
  const Arm* arm = model->arm_of_bucket(decision.bucket);
  if (!arm)
    return refused(ErrorCode::Unavailable, "the model \"" + model->name + "\" has no arm with traffic");
  decision.assigned = arm->name;
  const Arm* answering = who_answers_for(*model, *arm);
  decision.arm = answering->name;
  decision.revision = answering->revision;
  request.evaluation = false;
  request.config = config_;
  request.model = model;
  counts_.assign(request.trial, {model->salt, conversation_key, request.turn, arm->revision->hash,
                                 model->limits_of(arm->revision->hash), answering == arm});
  place(id, request, avoid, decision);
  return decision;
}

Decision Router::route_evaluation(RequestId id, std::string_view revision_hash,
                                  const std::vector<std::string>& avoid) {
  const auto found = requests_.find(id);
  if (found == requests_.end()) return refused(ErrorCode::Internal, "route: this request has ended");
  Request& request = found->second;
  give_back(request);
  if (!config_) return refused(ErrorCode::Unavailable, "the gateway has no configuration yet");
  for (const Model& model : config_->models) {
    for (const RevisionPointer& revision : model.revisions) {
      if (revision->hash != revision_hash) continue;
      Decision decision;
      decision.config = config_;
      decision.model = &model;
      decision.epoch = config_->epoch;
      decision.arm = decision.assigned = "evaluation";
      decision.revision = revision;
      request.evaluation = true;
      const auto endpoints = endpoints_.of(revision->serving_hash);
      if (any_servable(endpoints) && !evaluation_has_room(model, endpoints)) {
        leave_queue(id, request);
        request.revision = revision;
        decision.placement = Placement::Saturated;
        return decision;
      }
      place(id, request, avoid, decision);
      return decision;
    }
  }
  return refused(ErrorCode::NotFound, "revision " + short_hash(revision_hash) +
                                          " is not in the configuration of epoch " +
                                          std::to_string(config_->epoch));
}

// Users do not wait for a candidate's pods where stable's serve.
const Arm* Router::who_answers_for(const Model& model, const Arm& assigned) const {
  if (any_servable(endpoints_.of(assigned.revision->serving_hash))) return &assigned;
  for (const Arm& arm : model.arms)
    if (arm.name == kStableArm && any_servable(endpoints_.of(arm.revision->serving_hash))) return &arm;
  return &assigned;
}

bool Router::evaluation_has_room(const Model& model, const std::vector<EndpointPointer>& endpoints) const {
  std::size_t slots = 0;
  std::size_t taken = 0;
  for (const EndpointPointer& endpoint : endpoints) {
    if (!endpoint->servable) continue;
    slots += endpoint->slots();
    taken += endpoint->evaluations_in_flight;
  }
  const double share = std::clamp(model.evaluation_share, 0.0, 1.0);
  return taken < std::max<std::size_t>(1, static_cast<std::size_t>(share * static_cast<double>(slots)));
}

void Router::place(RequestId id, Request& request, const std::vector<std::string>& avoid,
                   Decision& decision) {
  request.revision = decision.revision;
  const std::string queue = short_hash(decision.revision->serving_hash);
  if (request.queue != queue) leave_queue(id, request);
  auto endpoints = endpoints_.of(queue);
  const auto overflow = request.evaluation ? std::nullopt : decision.model->overflow;
  // What is refused may as well be refused before the last pod is stopped under it.
  if (overflow == wire::Overflow::Shed)
    std::erase_if(endpoints, [](const auto& endpoint) { return endpoint->address.terminating; });
  const double queue_factor = overflow == wire::Overflow::Overload ? kWithoutBound : options_.queue_factor;
  const auto waiting = queues_.find(queue);
  // Those who wait longer go first: this request may take a place only when one is left after theirs.
  std::size_t ahead = 0;
  if (waiting != queues_.end()) {
    const std::size_t room = free_room(endpoints, queue_factor);
    for (auto other = waiting->second.begin(); other != waiting->second.end() && *other < id && ahead <= room;
         ++other)
      ++ahead;
    if (ahead < room) ahead = 0;
  }
  if (ahead == 0) decision.endpoint = choose_endpoint(endpoints, avoid, queue_factor);
  if (decision.endpoint) {
    leave_queue(id, request);
    request.endpoint = decision.endpoint;
    ++request.endpoint->in_flight;
    if (request.evaluation) ++request.endpoint->evaluations_in_flight;
    decision.placement = Placement::Routed;
    return;
  }
  decision.placement = any_servable(endpoints) ? Placement::Saturated : Placement::NoEndpoint;
  if (overflow == wire::Overflow::Shed) {
    leave_queue(id, request);
    decision.placement = Placement::QueueFull;
    return;
  }
  if (!request.queue.empty()) return;
  auto& joined = queues_[queue];
  if (joined.size() >= options_.max_waiting) {
    decision.placement = Placement::QueueFull;
    return;
  }
  joined.insert(id);
  request.queue = queue;
}

void Router::leave_queue(RequestId id, Request& request) {
  if (request.queue.empty()) return;
  const auto found = queues_.find(request.queue);
  if (found != queues_.end()) {
    found->second.erase(id);
    if (found->second.empty()) queues_.erase(found);
  }
  request.queue.clear();
}

void Router::give_back(Request& request) {
  if (!request.endpoint) return;
  --request.endpoint->in_flight;
  if (request.evaluation) --request.endpoint->evaluations_in_flight;
  request.endpoint.reset();
}

void Router::release(RequestId id) {
  const auto found = requests_.find(id);
  if (found == requests_.end()) return;
  give_back(found->second);
  leave_queue(id, found->second);
}

std::map<std::string, std::int64_t> Router::in_flight() const {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [id, request] : requests_)
    if (request.endpoint) ++counts[request.revision->hash];
  return counts;
}

bool Router::opened() const {
  if (!config_ || config_->models.empty()) return false;
  return std::all_of(config_->models.begin(), config_->models.end(),
                     [](const Model& model) { return model.open; });
}

bool Router::ready() const {
  if (!opened()) return false;
  for (const Model& model : config_->models) {
    if (model.overflow == wire::Overflow::Shed) return true;  // whoever comes gets an answer
    for (const Arm& arm : model.arms)
      if (knows_arms_ && arm.weight > 0 && any_servable(endpoints_.of(arm.revision->serving_hash)))
        return true;
  }
  return false;
}

RevisionPointer Router::revision_served_by(std::string_view serving_hash) const {
  if (!config_) return nullptr;
  const std::string wanted = short_hash(serving_hash);
  for (const Model& model : config_->models)
    for (const RevisionPointer& revision : model.revisions)
      if (short_hash(revision->serving_hash) == wanted) return revision;
  return nullptr;
}

std::size_t Router::waiting() const {
  std::size_t count = 0;
  for (const auto& [hash, queue] : queues_) count += queue.size();
  return count;
}

}  // namespace llmops::gateway
