#include "gateway/router/revision.hpp"

#include <algorithm>
#include <utility>

#include "crds/base/digest.hpp"
#include "gateway/router/bucket.hpp"

namespace llmops::gateway {
namespace {

RevisionPointer find_revision(const std::vector<RevisionPointer>& revisions, std::string_view hash) {
  for (const RevisionPointer& revision : revisions)
    if (revision->hash == hash) return revision;
  return nullptr;
}

RevisionPointer unchanged_in(const ConfigSnapshot* previous, const wire::GatewayRevision& wanted) {
  if (!previous) return nullptr;
  for (const Model& model : previous->models)
    if (auto revision = find_revision(model.revisions, wanted.hash);
        revision && revision->body_digest == wanted.body.digest && revision->ordinal == wanted.ordinal)
      return revision;
  return nullptr;
}

Result<RevisionPointer> make_revision(const wire::GatewayRevision& wanted, const RevisionBodies& bodies,
                                      const FieldPath& path) {
  const auto body = bodies.find(wanted.hash);
  if (body == bodies.end())
    return field_error(path.member("body"), "no body of revision " + short_hash(wanted.hash),
                       "the content of ConfigMap " + wanted.body.config_map);
  if (body->second.hash != wanted.hash || body->second.serving_hash != wanted.serving_hash)
    return field_error(
        path.member("body"),
        "the body of revision " + short_hash(body->second.hash) + " with serving hash " +
            short_hash(body->second.serving_hash),
        "revision " + short_hash(wanted.hash) + ", serving hash " + short_hash(wanted.serving_hash));
  auto revision = std::make_shared<Revision>();
  revision->hash = wanted.hash;
  revision->ordinal = wanted.ordinal;
  revision->serving_hash = wanted.serving_hash;
  revision->body_digest = wanted.body.digest;
  revision->port = static_cast<std::uint16_t>(body->second.engine.port);
  revision->engine_model = body->second.engine.model;
  if (body->second.prompt) {
    auto prompt = compile(*body->second.prompt);
    if (!prompt.ok())
      return with_context(prompt.error(),
                          path.to_string() + ": prompt of revision " + short_hash(wanted.hash));
    revision->prompt = std::make_shared<const CompiledPrompt>(std::move(*prompt));
  }
  if (!body->second.guardrails.empty()) {
    auto guard = guard::Guard::compile(body->second.guardrails);
    if (!guard.ok())
      return with_context(guard.error(),
                          path.to_string() + ": guardrails of revision " + short_hash(wanted.hash));
    revision->guard = std::move(*guard);
    for (const auto stage : {guard::Stage::Input, guard::Stage::Context, guard::Stage::Tool})
      if (!revision->guard->external_checks(stage).empty()) revision->guard_asks_services = true;
    for (const wire::ResolvedGuardrail& guardrail : body->second.guardrails) {
      revision->guardrails.push_back(guardrail.name);
      for (const api::GuardrailRule& rule : guardrail.spec.rules)
        if (rule.type == api::GuardrailRuleType::SystemPromptLeak) revision->guard_reads_prompt = true;
    }
  }
  return RevisionPointer(std::move(revision));
}

Result<Arm> make_arm(const wire::GatewayArm& wanted, const std::vector<RevisionPointer>& revisions,
                     const FieldPath& path) {
  Arm arm;
  arm.name = wanted.name;
  arm.weight = wanted.weight;
  arm.revision = find_revision(revisions, wanted.revision);
  if (!arm.revision)
    return field_error(path.member("revision"), wanted.revision, "the hash of an entry of revisions");
  std::int64_t total = 0;
  for (const wire::BucketRange& range : wanted.buckets) {
    if (range.from < 0 || range.from > range.to || range.to > static_cast<std::int64_t>(kBuckets))
      return field_error(path.member("buckets"), std::to_string(range.from) + ".." + std::to_string(range.to),
                         "0 <= from <= to <= 10000");
    total += range.to - range.from;
    arm.buckets.emplace_back(static_cast<std::uint32_t>(range.from), static_cast<std::uint32_t>(range.to));
  }
  if (total != wanted.weight * 100)
    return field_error(path.member("buckets"), std::to_string(total) + " buckets",
                       std::to_string(wanted.weight * 100) + " (100 for each percent of weight)");
  return arm;
}

Result<void> check_buckets(const Model& model, const FieldPath& path) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges;
  std::uint32_t total = 0;
  for (const Arm& arm : model.arms)
    for (const auto& range : arm.buckets) {
      if (range.first == range.second) continue;
      ranges.push_back(range);
      total += range.second - range.first;
    }
  std::sort(ranges.begin(), ranges.end());
  for (std::size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i].first < ranges[i - 1].second)
      return field_error(path, "bucket " + std::to_string(ranges[i].first) + " in two arms",
                         "each bucket in one arm");
  if (model.open && total != kBuckets)
    return field_error(path, std::to_string(total) + " buckets in all arms", "10000 while the model is open");
  return {};
}

// Metrics of a later version are not counted here.
std::map<std::string, LiveLimits, std::less<>> limits_of(const wire::LiveCounting& live) {
  std::map<std::string, LiveLimits, std::less<>> limits;
  for (const auto& [revision, thresholds] : live.thresholds)
    for (const auto& [name, threshold] : thresholds)
      if (const auto metric = live_metric_named(name))
        limits[revision].thresholds[index_of(*metric)] = threshold;
  for (const auto& [revision, prices] : live.prices) limits[revision].prices = prices;
  return limits;
}

Result<Model> make_model(const wire::GatewayModel& wanted, const RevisionBodies& bodies,
                         const ConfigSnapshot* previous, const FieldPath& path) {
  Model model;
  model.name = wanted.served_model_name;
  model.open = wanted.open;
  model.salt = wanted.salt;
  model.overflow = wanted.overflow;
  model.request_timeout = wanted.request_timeout.value_or(defaults::kEngineRequestTimeout);
  model.evaluation_audience = wanted.evaluation.audience;
  model.evaluation_share = wanted.evaluation.share;
  if (wanted.live) model.live = limits_of(*wanted.live);
  for (const std::string& text : wanted.stickiness) {
    auto source = parse_sticky_source(text);
    if (!source.ok()) return with_context(source.error(), path.member("stickiness").to_string());
    model.stickiness.push_back(std::move(*source));
  }
  const FieldPath revisions = path.member("revisions");
  for (std::size_t i = 0; i < wanted.revisions.size(); ++i) {
    RevisionPointer revision = unchanged_in(previous, wanted.revisions[i]);
    if (!revision) {
      auto made = make_revision(wanted.revisions[i], bodies, revisions.index(i));
      if (!made.ok()) return made.error();
      revision = std::move(*made);
    }
    if (revision->prompt)
      for (const auto& [name, variable] : revision->prompt->variables) model.known_variables.insert(name);
    model.revisions.push_back(std::move(revision));
  }
  const FieldPath arms = path.member("arms");
  for (std::size_t i = 0; i < wanted.arms.size(); ++i) {
    auto arm = make_arm(wanted.arms[i], model.revisions, arms.index(i));
    if (!arm.ok()) return arm.error();
    model.arms.push_back(std::move(*arm));
  }
  if (auto checked = check_buckets(model, arms); !checked.ok()) return checked.error();
  return model;
}

}  // namespace

const Arm* Model::arm_of_bucket(std::uint32_t bucket) const {
  for (const Arm& arm : arms)
    for (const auto& [from, to] : arm.buckets)
      if (bucket >= from && bucket < to) return &arm;
  return nullptr;
}

const LiveLimits& Model::limits_of(std::string_view revision_hash) const {
  static const LiveLimits none;
  const auto found = live.find(revision_hash);
  return found == live.end() ? none : found->second;
}

const Model* ConfigSnapshot::model(std::string_view name) const {
  for (const Model& model : models)
    if (model.name == name) return &model;
  return nullptr;
}

Result<ConfigSnapshot> make_snapshot(const wire::GatewayConfig& config, const RevisionBodies& bodies,
                                     const ConfigSnapshot* previous) {
  ConfigSnapshot snapshot;
  snapshot.epoch = config.epoch;
  snapshot.digest = digest_of(config.to_json());
  const FieldPath root;
  const FieldPath models = root.member("models");
  for (std::size_t i = 0; i < config.models.size(); ++i) {
    auto model = make_model(config.models[i], bodies, previous, models.index(i));
    if (!model.ok()) return model.error();
    if (snapshot.model(model->name))
      return field_error(models.index(i).member("servedModelName"), "\"" + model->name + "\" twice",
                         "one of each");
    snapshot.models.push_back(std::move(*model));
  }
  return snapshot;
}

}  // namespace llmops::gateway
