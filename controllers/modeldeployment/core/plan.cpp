#include "controllers/modeldeployment/core/plan.hpp"

#include <algorithm>

#include "crds/base/defaults.hpp"
#include "crds/base/digest.hpp"

namespace llmops::release {
namespace {

// The first entry that covers all that changes.
const api::ConditionalCanary* way_for(const api::Strategy& strategy, const std::vector<api::Part>& changed) {
  for (const auto& way : strategy.when)
    if (std::ranges::all_of(changed, [&](api::Part part) {
          return std::find(way.parts.begin(), way.parts.end(), part) != way.parts.end();
        }))
      return &way;
  return nullptr;
}

// api::Canary or api::PartsCanary, which has the same fields.
template <class Canary>
void take(const Canary& canary, Plan& plan) {
  plan.steps = canary.steps;
  if (canary.bake) plan.bake = canary.bake->duration;
  if (canary.bake) plan.holdback_weight = canary.bake->holdback_weight.value_or(defaults::kHoldbackWeight);
  plan.abort_scale_down_delay = canary.abort_scale_down_delay.value_or(plan.abort_scale_down_delay);
  plan.on_inconclusive = canary.on_inconclusive.value_or(plan.on_inconclusive);
  if (canary.capacity_policy) {
    plan.capacity = canary.capacity_policy->type;
    plan.on_abort = canary.capacity_policy->on_abort.value_or(plan.on_abort);
  }
  if (canary.analysis) {
    plan.background = canary.analysis->gates;
    const auto first = std::ranges::find_if(
        plan.steps, [](const api::CanaryStep& step) { return step.set_weight.value_or(0) > 0; });
    plan.background_from = canary.analysis->starting_step
                               ? static_cast<std::size_t>(*canary.analysis->starting_step)
                               : static_cast<std::size_t>(first - plan.steps.begin());
  }
}

Json document_of(const PinnedGate& gate) {
  Json document = {{"digest", gate.digest}};
  if (gate.dry_run) document["dryRun"] = true;
  if (gate.live) document["live"] = gate.live->to_json();
  if (gate.prometheus) document["prometheus"] = gate.prometheus->to_json();
  if (!gate.offline) return document;
  document["offline"] = gate.offline->to_json();
  document["datasetDigest"] = gate.dataset_digest;
  document["datasetConfigMap"] = gate.dataset_config_map;
  return document;
}

Result<PinnedGate> gate_of(const Json& document, const FieldPath& path) {
  PinnedGate gate;
  gate.digest = string_at(document, "digest");
  gate.dry_run = bool_at(document, "dryRun");
  gate.dataset_digest = string_at(document, "datasetDigest");
  gate.dataset_config_map = string_at(document, "datasetConfigMap");
  if (const Json* live = find_path(document, "live")) {
    auto parsed = api::LiveEvaluation::parse(*live, path.member("live"));
    if (!parsed.ok()) return parsed.error();
    gate.live = std::move(*parsed);
    return gate;
  }
  if (const Json* prometheus = find_path(document, "prometheus")) {
    auto parsed = api::PrometheusEvaluation::parse(*prometheus, path.member("prometheus"));
    if (!parsed.ok()) return parsed.error();
    gate.prometheus = std::move(*parsed);
    return gate;
  }
  const Json* offline = find_path(document, "offline");
  if (!offline)
    return Error{ErrorCode::InvalidArgument,
                 "plan record: " + path.to_string() + " has neither offline nor live nor prometheus"};
  auto parsed = api::OfflineEvaluation::parse(*offline, path.member("offline"));
  if (!parsed.ok()) return parsed.error();
  gate.offline = std::move(*parsed);
  return gate;
}

}  // namespace

Json Plan::to_document() const {
  Json document = {{"steps", Json::array()},
                   {"bake", format_duration(bake)},
                   {"abortScaleDownDelay", format_duration(abort_scale_down_delay)},
                   {"onInconclusive", to_string(on_inconclusive)},
                   {"provisionDeadline", format_duration(provision_deadline)},
                   {"loadDeadline", format_duration(load_deadline)},
                   {"gates", Json::object()}};
  for (const auto& step : steps) document["steps"].push_back(step.to_json());
  // Left out where it is the default: plans that were pinned before there was a choice keep their digest.
  if (capacity != api::CapacityPolicyType::Surge)
    document["capacity"] = {{"type", to_string(capacity)}, {"onAbort", to_string(on_abort)}};
  if (holdback_weight > 0) document["holdbackWeight"] = holdback_weight;
  for (const auto& gate : background) document["background"].push_back(gate.to_json());
  if (!background.empty()) document["backgroundFrom"] = background_from;
  for (const auto& [name, gate] : gates) document["gates"][name] = document_of(gate);
  return document;
}

Result<Plan> Plan::from_document(const Json& document) {
  Plan plan;
  const FieldPath root;
  const FieldPath steps_path = root.member("steps");
  if (const Json* steps = find_path(document, "steps"); steps && steps->is_array()) {
    for (std::size_t i = 0; i < steps->size(); ++i) {
      auto step = api::CanaryStep::parse((*steps)[i], steps_path.index(i));
      if (!step.ok()) return step.error();
      plan.steps.push_back(std::move(*step));
    }
  }
  const auto read = [&](const char* field, Duration& into) -> Result<void> {
    auto parsed = parse_duration(string_at(document, field));
    if (!parsed.ok()) return with_context(parsed.error(), std::string("plan record: ") + field);
    into = *parsed;
    return {};
  };
  for (const auto& [field, into] : {std::pair{"bake", &plan.bake},
                                    {"abortScaleDownDelay", &plan.abort_scale_down_delay},
                                    {"provisionDeadline", &plan.provision_deadline},
                                    {"loadDeadline", &plan.load_deadline}})
    if (auto done = read(field, *into); !done.ok()) return done.error();
  const std::string on_inconclusive = string_at(document, "onInconclusive");
  for (const auto value :
       {api::OnInconclusive::Pause, api::OnInconclusive::Rollback, api::OnInconclusive::Proceed})
    if (on_inconclusive == to_string(value)) plan.on_inconclusive = value;
  for (const auto value :
       {api::CapacityPolicyType::Surge, api::CapacityPolicyType::Replace, api::CapacityPolicyType::InPlace})
    if (string_at(document, "capacity.type") == to_string(value)) plan.capacity = value;
  for (const auto value : {api::OnAbort::Shed, api::OnAbort::Overload})
    if (string_at(document, "capacity.onAbort") == to_string(value)) plan.on_abort = value;
  plan.holdback_weight = integer_at(document, "holdbackWeight");
  if (const Json* background = find_path(document, "background"); background && background->is_array()) {
    const FieldPath path = root.member("background");
    for (std::size_t i = 0; i < background->size(); ++i) {
      auto gate = api::GateReference::parse((*background)[i], path.index(i));
      if (!gate.ok()) return gate.error();
      plan.background.push_back(std::move(*gate));
    }
    plan.background_from = static_cast<std::size_t>(integer_at(document, "backgroundFrom"));
  }
  if (const Json* gates = find_path(document, "gates"); gates && gates->is_object()) {
    const FieldPath gates_path = root.member("gates");
    for (const auto& [name, content] : gates->items()) {
      auto gate = gate_of(content, gates_path.member(name));
      if (!gate.ok()) return gate.error();
      plan.gates[name] = std::move(*gate);
    }
  }
  return plan;
}

std::string Plan::digest() const {
  return digest_of(to_document());
}

Plan plan_of(const api::ModelDeploymentSpec& spec, const std::vector<api::Part>& changed,
             const std::map<std::string, PinnedGate>& gates) {
  Plan plan;
  plan.bake = defaults::kBakeDuration;
  plan.abort_scale_down_delay = defaults::kAbortScaleDownDelay;
  plan.on_inconclusive = api::OnInconclusive::Pause;
  plan.provision_deadline = defaults::kProvisionDeadline;
  plan.load_deadline = defaults::kLoadDeadline;
  if (spec.progress_deadlines) {
    plan.provision_deadline = spec.progress_deadlines->provision.value_or(plan.provision_deadline);
    plan.load_deadline = spec.progress_deadlines->load.value_or(plan.load_deadline);
  }
  if (!spec.strategy) return plan;
  if (const auto* way = way_for(*spec.strategy, changed))
    take(way->canary, plan);
  else
    take(spec.strategy->canary, plan);
  for (const auto& name : gates_of(plan))
    if (const auto gate = gates.find(name); gate != gates.end()) plan.gates.insert(*gate);
  return plan;
}

Plan without_steps(Plan plan) {
  plan.steps.clear();
  plan.background.clear();
  plan.gates.clear();
  return plan;
}

std::vector<std::string> gates_of(const Plan& plan) {
  std::vector<std::string> names = rules::gates_in(plan.steps);
  for (const auto& gate : plan.background)
    if (std::ranges::find(names, gate.name) == names.end()) names.push_back(gate.name);
  return names;
}

std::string describe(const api::CanaryStep& step) {
  if (step.set_canary_scale) return "setCanaryScale: " + std::to_string(step.set_canary_scale->replicas);
  if (step.set_weight) return "setWeight: " + std::to_string(*step.set_weight);
  if (step.pause)
    return "pause: " +
           (step.pause->duration ? format_duration(*step.pause->duration) : "until a person goes on");
  if (step.analysis) {
    std::string text = "analysis:";
    for (const auto& gate : step.analysis->gates) text += " " + gate.name;
    return text;
  }
  return "empty step";
}

}  // namespace llmops::release
