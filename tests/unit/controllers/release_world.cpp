#include "release_world.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "controllers/modeldeployment/core/live.hpp"
#include "controllers/modeldeployment/core/roll_call.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "controllers/modeldeployment/core/watched.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"

namespace llmops::release {
namespace {

constexpr const char* kUnseenGateway = "support-bot-gateway-unseen";

// What each action does to which object, whole.
std::vector<std::string> actions_of(const Decision& decision) {
  std::vector<std::string> texts;
  for (const Action& action : decision.actions) {
    if (const auto* create = std::get_if<Create>(&action))
      texts.push_back("create " + dump_json(create->child.object));
    else if (const auto* replace = std::get_if<Replace>(&action))
      texts.push_back("replace " + dump_json(replace->child.object));
    else if (const auto* scale = std::get_if<Scale>(&action))
      texts.push_back("scale " + scale->live.name + " to " + std::to_string(scale->replicas));
    else if (const auto* annotate = std::get_if<Annotate>(&action))
      texts.push_back("annotate " + annotate->live.name + " " + annotate->key + "=" + annotate->value);
    else if (const auto* remove = std::get_if<Delete>(&action))
      texts.push_back("delete " + remove->live.name);
    else if (const auto* record = std::get_if<Record>(&action))
      texts.push_back("record " + record->live.name + dump_json(record->status.to_json()));
  }
  return texts;
}

// Polling that brings no news need not be played second by second.
constexpr Duration kSkipped{20'000};

class NoNews {
 public:
  explicit NoNews(const std::vector<std::string>& writes) : writes_(writes) {}
  // To be asked once after each pass.
  bool for_more_than(int passes) {
    idle_ = writes_.size() == told_ ? idle_ + 1 : 0;
    told_ = writes_.size();
    return idle_ > passes;
  }

 private:
  const std::vector<std::string>& writes_;
  std::size_t told_ = 0;
  int idle_ = 0;
};

}  // namespace

ReleaseWorld::ReleaseWorld() {
  observed.now = *parse_timestamp("2026-11-21T09:00:00Z");
  observed.meta.ns = "shop";
  observed.meta.name = "support-bot";
  observed.meta.uid = "uid-1";
  observed.meta.generation = 1;
  observed.image = "operator:1";
  observed.spec.replicas = 2;
  observed.spec.backend.pods.engine.image = "engine:1";
  set_model("/models/good.gguf");
  set_prompt("You are kind.");
  set_steps({weight(20), pause(Duration(60'000)), weight(50)});
  observed.spec.strategy->canary.bake = api::Bake{Duration(120'000)};
  PodState gateway;
  gateway.meta.name = "support-bot-gateway-1";
  gateway.meta.uid = "gateway-1";
  gateway.has_run = true;
  observed.gateway_pods.push_back(gateway);
  judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Successful; };
}

void ReleaseWorld::set_prompt(const std::string& system_message) {
  api::PromptMessage message;
  message.role = api::Role::System;
  message.content = system_message;
  api::PromptContent content;
  content.messages.push_back(std::move(message));
  observed.prompt = {true, std::move(content), ""};
  ++observed.meta.generation;
}

void ReleaseWorld::set_model(const std::string& path) {
  observed.spec.backend.pods.model.uri = "image://" + path;
  ++observed.meta.generation;
}

void ReleaseWorld::set_guardrail(const std::string& name, const std::string& word,
                                 api::GuardrailUpdate update) {
  wire::ResolvedGuardrail guardrail;
  guardrail.name = name;
  api::GuardrailRule rule;
  rule.name = "words";
  rule.type = api::GuardrailRuleType::Words;
  rule.action = api::GuardrailAction::Block;
  rule.words = api::WordsSettings{};
  rule.words->words = {word};
  guardrail.spec.rules.push_back(std::move(rule));
  guardrail.digest = digest_of(guardrail.spec.to_json());
  api::GuardrailReference reference;
  reference.name = name;
  reference.update = update;
  auto& list = observed.guardrails.list;
  auto& references = observed.spec.guardrail_refs;
  const auto known =
      std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.name == name; });
  if (known == list.end()) {
    list.push_back(std::move(guardrail));
    references.push_back(std::move(reference));
  } else {
    references[static_cast<std::size_t>(known - list.begin())] = std::move(reference);
    *known = std::move(guardrail);
  }
}

void ReleaseWorld::remove_guardrail(const std::string& name) {
  std::erase_if(observed.guardrails.list, [&](const auto& one) { return one.name == name; });
  std::erase_if(observed.spec.guardrail_refs, [&](const auto& one) { return one.name == name; });
  ++observed.meta.generation;
}

std::string ReleaseWorld::guardrails_of(const std::string& hash) const {
  const auto list = release::guardrails_of(observed.contents.at(hash));
  std::string text;
  for (const auto& guardrail : *list)
    text += (text.empty() ? "" : ",") + guardrail.spec.rules[0].words->words[0];
  return text;
}

void ReleaseWorld::add_gate(const std::string& name, const std::string& digest) {
  PinnedGate gate;
  gate.digest = digest;
  gate.dataset_digest = sha256_hex("items");
  gate.dataset_config_map = "support-bot-dataset-" + short_hash(gate.dataset_digest);
  api::Metric metric;
  metric.name = "answers";
  metric.non_inferiority = api::NonInferiority{};
  metric.non_inferiority->margin = 0.1;
  gate.offline.emplace().metrics.push_back(std::move(metric));
  observed.gates[name].gate = std::move(gate);
  observed.gates[name].dataset = "items";
}

void ReleaseWorld::add_live_gate(const std::string& name, api::LiveEvaluation live) {
  PinnedGate gate;
  gate.digest = "gate-" + name;
  gate.live = std::move(live);
  observed.gates[name].gate = std::move(gate);
}

void ReleaseWorld::watch(std::vector<std::string> gates) {
  auto& analysis = observed.spec.strategy->canary.analysis.emplace();
  for (auto& gate : gates) analysis.gates.push_back(api::GateReference{std::move(gate)});
  ++observed.meta.generation;
}

api::CanaryStep ReleaseWorld::weight(std::int64_t percent) {
  api::CanaryStep step;
  step.set_weight = percent;
  return step;
}
api::CanaryStep ReleaseWorld::pause(Duration duration) {
  api::CanaryStep step;
  step.pause = api::Pause{duration};
  return step;
}
api::CanaryStep ReleaseWorld::pause_for_a_person() {
  api::CanaryStep step;
  step.pause = api::Pause{};
  return step;
}
api::CanaryStep ReleaseWorld::scale(std::int64_t replicas) {
  api::CanaryStep step;
  step.set_canary_scale = api::SetCanaryScale{replicas};
  return step;
}
api::CanaryStep ReleaseWorld::analysis(const std::string& gate) {
  api::CanaryStep step;
  step.analysis = api::Analysis{{api::GateReference{gate}}};
  return step;
}

void ReleaseWorld::set_steps(std::vector<api::CanaryStep> steps) {
  if (!observed.spec.strategy) observed.spec.strategy.emplace();
  observed.spec.strategy->canary.steps = std::move(steps);
  ++observed.meta.generation;
}

void ReleaseWorld::advance(Duration by) {
  observed.now += by;
}

Decision ReleaseWorld::look() {
  Derived nothing;
  const Decision expected = decide(observed, nothing);
  Decision decision = decide(observed, derived_);
  EXPECT_EQ(decision.transition.has_value(), expected.transition.has_value());
  if (decision.transition && expected.transition)
    EXPECT_EQ(decision.transition->status, expected.transition->status);
  EXPECT_EQ(decision.wait, expected.wait);
  EXPECT_EQ(actions_of(decision), actions_of(expected));
  return decision;
}

bool ReleaseWorld::pass() {
  settle();
  const Decision decision = look();
  if (decision.transition) {
    observed.status = decision.transition->status;
    notes.insert(notes.end(), decision.transition->notes.begin(), decision.transition->notes.end());
    writes.push_back("status");
    return true;
  }
  for (const auto& action : decision.actions) carry_out(action);
  if (!decision.actions.empty()) return true;
  if (!decision.wait) return false;
  advance(*decision.wait);
  return true;
}

void ReleaseWorld::run(const std::function<bool()>& until) {
  const Timestamp end = observed.now + Duration(3'600'000);
  NoNews no_news(writes);
  for (int passes = 0; passes < 20'000 && observed.now < end; ++passes) {
    if (until && until()) return;
    if (!pass()) return;
    if (no_news.for_more_than(60)) advance(kSkipped);
  }
}

void ReleaseWorld::run_for(Duration time, const std::function<void()>& each) {
  const Timestamp end = observed.now + time;
  NoNews no_news(writes);
  while (observed.now < end) {
    if (!pass()) return;
    if (each) each();
    if (no_news.for_more_than(4)) advance(kSkipped);
  }
}

void ReleaseWorld::command(const std::string& text) {
  observed.meta.annotations.set(names::kCommand, text + " id=" + std::to_string(++commands_) + " by=jiyoon");
}

void ReleaseWorld::create(const Create& action) {
  const Child& child = action.child;
  kube::ObjectMeta meta = kube::parse_meta(child.object);
  meta.uid = "uid-" + child.name();
  meta.resource_version = next_version();
  writes.push_back("create " + std::string(child.type.kind) + "/" + child.name());
  if (child.type == kube::kControllerRevisions) {
    const std::int64_t revision = integer_at(child.object, "revision");
    if (meta.annotations.contains(names::kPlanDigest)) {
      observed.plans.push_back({meta, revision, meta.annotation(names::kPlanDigest)});
      plans_[revision] = *Plan::from_document(child.object["data"]);
    } else {
      RevisionRecord record;
      record.meta = meta;
      record.ordinal = revision;
      record.hash = meta.annotation(names::kHash);
      record.serving_hash = meta.annotation(names::kRecordServingHash);
      observed.revisions.push_back(record);
      observed.contents[record.hash] = *Stack::from_document(child.object["data"]);
    }
    return;
  }
  if (child.type == kube::kEvalRuns) {
    const auto run = api::EvalRun::parse(child.object);
    if (run->spec.live) {
      const auto& stable = run->spec.stable_revision;
      observed.eval_runs[meta.name] = {meta,
                                       std::nullopt,
                                       run->spec.revision.hash,
                                       stable ? stable->hash : std::string(),
                                       run->spec.step,
                                       run->spec.background.value_or(false),
                                       run->spec.live,
                                       run->spec.dry_run.value_or(false)};
      return;
    }
    api::EvalRunStatus status;
    status.phase = judge(run->spec);
    status.message = "judged";
    auto& known = observed.eval_runs[meta.name];
    known = {meta, status.phase ? std::optional(status) : std::nullopt, run->spec.revision.hash};
    known.dry_run = run->spec.dry_run.value_or(false);
    return;
  }
  observed.children[std::string(child.type.kind) + "/" + meta.name] = {meta, child.digest,
                                                                       essence_of(child.type, child.object)};
  note_config(child);
  if (child.type == kube::kDeployments && !meta.label(names::kServingHash).empty()) {
    EngineState engine;
    engine.meta = meta;
    engine.serving_hash = meta.label(names::kServingHash);
    engine.replicas = integer_at(child.object, "spec.replicas");
    observed.engines.push_back(engine);
  }
}

void ReleaseWorld::note_config(const Child& child) {
  const Json* data = find_path(child.object, "data");
  if (!data || !data->contains("config.json")) return;
  if (!observed.config) observed.config.emplace();
  observed.config->essence = essence_of(child.type, child.object);
  observed.config->epoch = integer_at(*parse_json((*data)["config.json"].get<std::string>()), "epoch");
}

void ReleaseWorld::carry_out(const Action& action) {
  if (const auto* one = std::get_if<Create>(&action)) return create(*one);
  if (const auto* one = std::get_if<Replace>(&action)) {
    writes.push_back("replace " + std::string(one->child.type.kind) + "/" + one->child.name());
    auto& child = observed.children.at(std::string(one->child.type.kind) + "/" + one->child.name());
    child.content_digest = one->child.digest;
    child.essence = essence_of(one->child.type, one->child.object);
    child.meta.resource_version = next_version();
    note_config(one->child);
  } else if (const auto* recorded = std::get_if<Record>(&action)) {
    writes.push_back("evidence " + recorded->live.name);
    observed.eval_runs.at(recorded->live.name).status = recorded->status;
  } else if (const auto* scaled = std::get_if<Scale>(&action)) {
    writes.push_back("scale " + scaled->live.name + " " + std::to_string(scaled->replicas));
    for (auto& engine : observed.engines)
      if (engine.meta.name == scaled->live.name) engine.replicas = scaled->replicas;
  } else if (const auto* annotated = std::get_if<Annotate>(&action)) {
    writes.push_back("annotate " + annotated->live.name);
    for (auto& record : observed.revisions) {
      if (record.meta.name != annotated->live.name) continue;
      const bool promoted = annotated->key == names::kPromotedAt;
      if (promoted)
        record.promoted_at = *parse_timestamp(annotated->value);
      else
        record.rejected_at = *parse_timestamp(annotated->value);
    }
  } else if (const auto* deleted = std::get_if<Delete>(&action)) {
    writes.push_back("delete " + deleted->live.name);
    std::erase_if(observed.revisions,
                  [&](const auto& record) { return record.meta.name == deleted->live.name; });
    std::erase_if(observed.plans, [&](const auto& record) { return record.meta.name == deleted->live.name; });
    if (deleted->type == kube::kEvalRuns) observed.eval_runs.erase(deleted->live.name);
    std::erase_if(observed.engines,
                  [&](const auto& engine) { return engine.meta.name == deleted->live.name; });
    observed.children.erase(std::string(deleted->type.kind) + "/" + deleted->live.name);
  }
}

void ReleaseWorld::settle() {
  observed.plan.reset();
  if (const auto run = planned_run(observed.status)) observed.plan = plans_.at(*run);
  // Engines: pods follow replicas; those that are there keep their place.
  std::vector<PodState> pods;
  std::int64_t places = accelerators;
  for (const auto& pod : observed.engine_pods) {
    const EngineState* engine = observed.engine(pod.serving_hash);
    const std::int64_t stays = engine ? engine->replicas : 0;
    for (std::int64_t i = 0; i < stays; ++i)
      if (pod.meta.name == engine->meta.name + "-" + std::to_string(i)) --places;
  }
  for (auto& engine : observed.engines) {
    for (std::int64_t i = 0; i < engine.replicas; ++i) {
      const std::string name = engine.meta.name + "-" + std::to_string(i);
      const auto before =
          std::ranges::find_if(observed.engine_pods, [&](const auto& pod) { return pod.meta.name == name; });
      const bool existed = before != observed.engine_pods.end();
      const bool loaded = engines_load || (existed && before->ready);
      if (!existed) ++engine_pods_ever_;
      PodState pod;
      pod.meta.name = name;
      pod.serving_hash = engine.serving_hash;
      pod.scheduled = existed || (pods_find_room && places-- > 0);
      pod.has_run = pod.scheduled;
      if (!pod.scheduled) pod.unscheduled_message = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu";
      pod.ready = loaded && pod.scheduled && !broken.count(engine.serving_hash);
      // A pod without a place is a new one until it has one.
      if (!pod.scheduled) --engine_pods_ever_, pod.meta.name += "-pending";
      pods.push_back(std::move(pod));
    }
    engine.ready_replicas = std::ranges::count_if(
        pods, [&](const PodState& pod) { return pod.serving_hash == engine.serving_hash && pod.ready; });
  }
  observed.engine_pods = std::move(pods);
  // Gateways: the configuration in the ConfigMap is what they report; before there is one, no epoch.
  const bool configured = observed.child("ConfigMap", "support-bot-gateway") != nullptr;
  const bool deployed = observed.child("Deployment", "support-bot-gateway") != nullptr;
  observed.reports.clear();
  wire::GatewayReport report;
  if (configured && deployed && observed.config) {
    report.epoch = gateways_acknowledge ? observed.config->epoch : 0;
    for (const auto& engine : observed.engines) {
      wire::EndpointCount count;
      count.servable = count.total = engine.ready_replicas;
      for (const auto& record : observed.revisions)
        if (short_hash(record.serving_hash) == engine.serving_hash)
          report.endpoints[record.serving_hash] = count;
    }
    observed.gateway_ready_replicas = observed.status.stable ? 1 : 0;
  }
  pull_reports(report);
}

void ReleaseWorld::pull_reports(const wire::GatewayReport& report) {
  observed.unreachable.clear();
  std::erase_if(observed.gateway_pods, [](const PodState& pod) { return pod.meta.uid == kUnseenGateway; });
  observed.reports.erase(kUnseenGateway);
  if (!needs_reports(observed)) return;
  observed.slots_told_since = slots_wanted_since(observed);
  for (const auto& pod : observed.gateway_pods) {
    if (!gateways_answer) {
      observed.unreachable[pod.meta.name] = "connection refused";
      continue;
    }
    observed.reports[pod.meta.uid] = report;
    if (tell) tell(observed, pod, observed.reports[pod.meta.uid]);
  }
  if (!unseen_gateway_epoch || !needs_roll_call(observed)) return;
  PodState unseen = observed.gateway_pods.front();
  unseen.meta.name = unseen.meta.uid = kUnseenGateway;
  observed.reports[unseen.meta.uid] = report;
  observed.reports[unseen.meta.uid].epoch = *unseen_gateway_epoch;
  observed.gateway_pods.push_back(std::move(unseen));
}

std::int64_t ReleaseWorld::weight_of(api::ArmName name) const {
  const api::Arm* arm = find_arm(observed.status, name);
  return arm ? arm->weight : -1;
}

bool ReleaseWorld::told(std::string_view reason) const {
  return std::any_of(notes.begin(), notes.end(), [&](const auto& note) { return note.reason == reason; });
}

ReleaseWorld healthy_world() {
  ReleaseWorld world;
  world.run();
  return world;
}

}  // namespace llmops::release
