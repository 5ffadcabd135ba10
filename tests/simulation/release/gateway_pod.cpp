#include "tests/simulation/release/gateway_pod.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "crds/base/digest.hpp"
#include "gateway/router/slot_ledger.hpp"
#include "gateway/router/trial.hpp"

namespace llmops::simulation {
namespace {

constexpr std::uint16_t kAdminPort = 8082;
constexpr Duration kRetry{500};
constexpr Duration kEndpointLag{200};
constexpr int kUsers = 97;
constexpr Duration kCheckedSlots{60'000};
constexpr std::int64_t kSlots = 4;

Result<ConfigText> project(std::string_view raw) {
  const auto object = parse_json(raw);
  if (!object.ok()) return object.error();
  const Json* data = find_path(*object, "data");
  const auto text = data ? data->find("config.json") : Json::const_iterator();
  if (!data || text == data->end()) return Error{ErrorCode::InvalidArgument, "no config.json"};
  return ConfigText{kube::parse_meta(*object), text->get<std::string>()};
}

gateway::RouterOptions router_options(const GatewayIdentity& identity) {
  gateway::RouterOptions options;
  options.slots = std::as_writable_bytes(std::span(*identity.volume));
  options.slots_owner = identity.uid;
  return options;
}

}  // namespace

GatewayPod::GatewayPod(SimEnv& env, Transport& transport, std::shared_ptr<ClusterState> cluster,
                       GatewayIdentity identity)
    : env_(env),
      cluster_(std::move(cluster)),
      identity_(std::move(identity)),
      boot_id_(std::to_string(env.random())),
      client_(env, transport, client_config()),
      configs_(kube::kConfigMaps, kNamespace,
               kube::ListOptions{"", "metadata.name=" + identity_.model_deployment + "-gateway"}, project),
      router_(router_options(identity_)) {
  configs_.listen([this](const auto&, const auto& after) {
    if (!after) return;
    pending_ = after->text;
    changed_.notify_all();
  });
  cluster_->asked[identity_.uid].pod = identity_.pod;
  ListenOptions listen;
  listen.port = kAdminPort;
  server_ = std::move(transport.serve(listen, [this](ServerExchange& exchange) {
              return answer(exchange);
            })).value();
  env.spawn("configuration", configs_.run(client_));
  env.spawn("apply", follow_config());
  env.spawn("endpoints", follow_endpoints());
  env.spawn("users", serve_users());
}

Task<void> GatewayPod::answer(ServerExchange& exchange) {
  Headers headers;
  if (exchange.request().path() != "/report") {
    (void)co_await exchange.respond(404, std::move(headers), "");
    co_return;
  }
  check_told_slots();
  const std::string since = exchange.request().query("since");
  wire::GatewayReport report = router_.report(Timestamp(Duration(std::atoll(since.c_str()))), env_.now());
  if (exchange.request().query("distributions") == "1") router_.add_distributions(report, env_.now());
  report.pod_uid = identity_.uid;
  report.boot_id = boot_id_;
  note_told(report);
  headers.set("Content-Type", "application/json");
  std::string body = dump_json(report.to_json());
  (void)co_await exchange.respond(200, std::move(headers), std::move(body));
}

void GatewayPod::note_told(const wire::GatewayReport& report) {
  ClusterState::Asked& asked = cluster_->asked[identity_.uid];
  asked.told_through = std::max(asked.told_through, report.closed_through.at("error-rate"));
  const auto life = cluster_->operator_life();
  if (std::exchange(asked.operator_life, life) != life) asked.times.clear();
  for (const auto& slot : report.slots)
    if (slot.start < report.closed_through.at("error-rate")) ++asked.times[slot.start];
}

// What was told closed never changes, whatever becomes of the container in between.
void GatewayPod::check_told_slots() {
  const wire::GatewayReport report = router_.report(env_.now() - kCheckedSlots, env_.now());
  ToldSlots& told = cluster_->told_slots[identity_.uid];
  told.erase(told.begin(), told.upper_bound(env_.now() - kCheckedSlots));
  for (const auto& slot : report.slots)
    for (const auto& [revision, metrics] : slot.arms)
      for (const auto& [metric, count] : metrics) {
        const auto [known, fresh] = told[slot.start][revision].emplace(metric, count);
        if (!fresh && known->second != count)
          cluster_->traffic.failures.push_back(identity_.pod + " told other counts of " + metric + " at " +
                                               format_timestamp(slot.start) + " than before");
        if (count.events > count.trials)
          cluster_->traffic.failures.push_back(identity_.pod + " told more events than trials of " + metric);
      }
}

Task<void> GatewayPod::follow_config() {
  for (;;) {
    const std::optional<std::string> text = std::exchange(pending_, std::nullopt);
    if (text) {
      const Result<void> done = co_await apply(*text);
      if (done.ok()) {
        start_probes();
        note_readiness();
        continue;
      }
      if (done.error().code == ErrorCode::Cancelled) co_return;
      // A server that cannot be reached or is busy is nobody's fault; anything else the operator did wrong:
      // the order of its epochs, or a body that is not there yet.
      if (done.error().code != ErrorCode::Unavailable && done.error().code != ErrorCode::DeadlineExceeded &&
          done.error().code != ErrorCode::TooManyRequests)
        cluster_->traffic.failures.push_back(identity_.pod +
                                             " refused a configuration: " + done.error().message);
      if (!pending_) pending_ = text;
      if (co_await env_.wait(changed_, kRetry) == Wake::Cancelled) co_return;
      continue;
    }
    if (co_await env_.wait(changed_) == Wake::Cancelled) co_return;
  }
}

Task<Result<void>> GatewayPod::apply(std::string text) {
  const auto parsed = parse_json(text);
  if (!parsed.ok()) co_return parsed.error();
  const auto config = wire::GatewayConfig::parse(*parsed);
  if (!config.ok()) co_return config.error();
  gateway::RevisionBodies bodies;
  for (const auto& model : config->models) {
    for (const auto& revision : model.revisions) {
      const kube::ObjectKey key{kNamespace, revision.body.config_map};
      const Result<Json> object = co_await client_.get(kube::kConfigMaps, key);
      if (!object.ok()) co_return object.error();
      const Json* data = find_path(*object, "data");
      if (!data || !data->contains("body.json"))
        co_return Error{ErrorCode::InvalidArgument, key.to_string() + " has no body.json"};
      const auto content = parse_json((*data)["body.json"].get<std::string>());
      if (!content.ok()) co_return content.error();
      auto body = wire::RevisionBody::parse(*content);
      if (!body.ok()) co_return body.error();
      bodies[revision.hash] = std::move(*body);
    }
  }
  co_return router_.on_config(*config, bodies);
}

Task<void> GatewayPod::follow_endpoints() {
  for (;;) {
    for (const auto& [engine, addresses] : cluster_->endpoints)
      if (engine.model_deployment == identity_.model_deployment)
        (void)router_.on_endpoints(engine.serving_hash, addresses);
    start_probes();
    note_readiness();
    if (co_await env_.wait(cluster_->endpoints_changed) == Wake::Cancelled) co_return;
    const Result<void> slept =
        co_await env_.sleep(env_.jittered(Duration(0), 0) + Duration(env_.random() % kEndpointLag.count()));
    if (!slept.ok()) co_return;
  }
}

// An endpoint that the cluster calls ready and the configuration knows becomes servable after a warm-up.
void GatewayPod::start_probes() {
  for (const auto& endpoint : router_.endpoints().all()) {
    const bool known = router_.revision_served_by(endpoint->serving_hash) != nullptr;
    if (!known || !endpoint->address.ready || endpoint->servable) continue;
    if (probed_.insert(endpoint->address.pod_uid).second)
      env_.spawn("probe", warm_up(endpoint->address.pod_uid));
  }
}

Task<void> GatewayPod::warm_up(std::string pod_uid) {
  const Result<void> slept = co_await env_.sleep(env_.jittered(cluster_->options.warm_up, 1.0));
  probed_.erase(pod_uid);
  if (!slept.ok()) co_return;
  router_.on_probe(pod_uid, true, kSlots);
  note_readiness();
}

void GatewayPod::note_readiness() {
  if (router_.ready() == told_ready_) return;
  told_ready_ = router_.ready();
  cluster_->probe_readiness(identity_.pod);
}

bool GatewayPod::can_evaluate(const std::string& revision_hash) {
  const gateway::RequestId id = router_.begin(env_.now());
  const auto decision = router_.route_evaluation(id, revision_hash);
  router_.on_result(id, gateway::Outcome::Success);
  return decision.placement == gateway::Placement::Routed ||
         decision.placement == gateway::Placement::Saturated;
}

std::size_t GatewayPod::in_flight(const std::string& serving_hash) const {
  std::size_t requests = 0;
  for (const auto& endpoint : router_.endpoints().of(serving_hash)) requests += endpoint->in_flight;
  return requests;
}

Task<void> GatewayPod::serve_users() {
  for (;;) {
    const Result<void> slept = co_await env_.sleep(env_.jittered(cluster_->options.request_period, 1.0));
    if (!slept.ok()) co_return;
    if (!told_ready_ || draining_ || !cluster_->users_come) continue;
    const int user = static_cast<int>(env_.random() % kUsers);
    ClusterState::Talk& talk = cluster_->talks[user];
    if (++talk.turns > cluster_->options.turns) talk = {talk.conversation + 1, 1};
    const gateway::RequestId id = router_.begin(env_.now(), talk.turns);
    const std::string conversation =
        "conversation-" + std::to_string(user) + "-" + std::to_string(talk.conversation);
    const auto decision = router_.route(id, identity_.model_deployment, conversation);
    if (cluster_->on_request)
      cluster_->on_request({identity_.pod, identity_.model_deployment, conversation, decision});
    Traffic& traffic = cluster_->traffic;
    ++traffic.requests;
    if (decision.placement == gateway::Placement::Routed) {
      ++traffic.by_revision[decision.revision->hash];
      env_.spawn("request",
                 finish_request(asking(id, decision, conversation, talk.turns), decision.endpoint));
    } else {
      note_failure(decision);
      end(asking(id, decision, conversation, talk.turns), gateway::Outcome::Error);
    }
  }
}

void GatewayPod::note_failure(const gateway::Decision& decision) {
  if (decision.model && decision.model->overflow) {
    ++cluster_->traffic.failed_by_cause["refused while stable has given pods up"];
    return;
  }
  const bool engine_lost =
      decision.revision &&
      cluster_->lost_lately({identity_.model_deployment, short_hash(decision.revision->serving_hash)});
  if (engine_lost) {
    ++cluster_->traffic.failed_by_cause[decision.placement == gateway::Placement::NoEndpoint
                                            ? "its engine was lost"
                                            : "the engines left were full"];
    return;
  }
  cluster_->traffic.failures.push_back(identity_.pod + ": a request of arm " + decision.arm +
                                       " found no endpoint at " + format_timestamp(env_.now()) + " " +
                                       decision.refusal.message);
}

GatewayPod::Asking GatewayPod::asking(gateway::RequestId id, const gateway::Decision& decision,
                                      const std::string& conversation, int turn) {
  Asking asking;
  asking.id = id;
  asking.began = env_.now();
  asking.own = decision.arm == decision.assigned;
  if (!cluster_->options.answers || !decision.model) return asking;
  const auto arm = std::ranges::find(decision.model->arms, decision.assigned, &gateway::Arm::name);
  if (arm != decision.model->arms.end() && gateway::trial_turn(decision.model->salt, conversation) == turn)
    asking.trial_of = arm->revision->hash;
  if (!decision.revision) return asking;
  const auto [known, fresh] = cluster_->known_answers.try_emplace(decision.revision->hash);
  if (fresh) known->second = cluster_->options.answers(cluster_->content_of(decision.revision->hash));
  asking.answers = known->second;
  return asking;
}

// What a request ends with, and what it is for live gates by the words of DESIGN §7: an answer of another arm
// is an error of the one that should have.
void GatewayPod::end(const Asking& asking, const gateway::RequestEnd& end) {
  router_.on_result(asking.id, end);
  if (asking.trial_of.empty()) return;
  auto& really =
      cluster_->really[identity_.uid][gateway::SlotLedger::slot_start(asking.began)][asking.trial_of];
  const bool error = end.outcome == gateway::Outcome::Error || !asking.own;
  for (const auto& [metric, event] :
       {std::pair{"error-rate", error}, {"block-rate", false}, {"refusal-rate", !error && end.refused}}) {
    ++really[metric].trials;
    if (event) ++really[metric].events;
  }
}

void GatewayPod::drain() {
  if (std::exchange(draining_, true)) return;
  env_.spawn("drain", stop_counting());
}

Task<void> GatewayPod::stop_counting() {
  (void)co_await env_.sleep(cluster_->options.request * 2);
  router_.stop_counting();
}

Task<void> GatewayPod::finish_request(Asking asking, gateway::EndpointPointer endpoint) {
  const gateway::RequestId id = asking.id;
  Duration took = cluster_->options.request;
  const bool was_going = endpoint->address.terminating;  // there was no other
  const bool by_content = cluster_->options.answers != nullptr;
  if (by_content) took = took / 2 + Duration(env_.random() % static_cast<std::uint64_t>(took.count()));
  const Duration first = took / 4 + asking.answers.slower;
  took += asking.answers.slower;
  (void)co_await env_.sleep(first);
  if (!endpoint->gone) router_.on_first_token(id, first);
  const std::string feedback = router_.feedback_id(id, id, env_.now());
  (void)co_await env_.sleep(took - first);
  if (!endpoint->gone) {
    const std::uint64_t drawn = by_content ? env_.random() % 100 : 100;
    gateway::RequestEnd end =
        drawn < asking.answers.errors ? gateway::Outcome::Error : gateway::Outcome::Success;
    end.refused =
        end.outcome == gateway::Outcome::Success && drawn < asking.answers.errors + asking.answers.refusals;
    end.took = took;
    end.input_tokens = 20;
    end.output_tokens = 40;
    this->end(asking, end);
    if (id % 16 == 0 && !router_.on_feedback(feedback, true, env_.now()).ok())
      cluster_->traffic.failures.push_back(identity_.pod + ": feedback was refused");
    co_return;
  }
  if (cluster_->lost_lately({identity_.model_deployment, short_hash(endpoint->serving_hash)}))
    ++cluster_->traffic.failed_by_cause["cut with its engine"];
  else if (was_going && cluster_->status_lost_lately())
    ++cluster_->traffic.failed_by_cause["cut with an engine that was going when the status was lost"];
  else
    cluster_->traffic.failures.push_back(identity_.pod +
                                         ": a request was cut: its engine was stopped under it");
  end(asking, gateway::Outcome::Error);
}

}  // namespace llmops::simulation
