// A gateway configuration as the router holds it: checked once, then immutable and shared with running
// requests, so that a new configuration never takes anything away from a stream that still runs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/defaults.hpp"
#include "crds/base/result.hpp"
#include "crds/base/time.hpp"
#include "crds/wire/gateway_config.hpp"
#include "crds/wire/revision_body.hpp"
#include "gateway/guard/guard.hpp"
#include "gateway/prompt/prompt.hpp"
#include "gateway/router/outcome.hpp"
#include "gateway/router/stickiness.hpp"

namespace llmops::gateway {

struct Revision {
  std::string hash;  // whole
  std::int64_t ordinal = 0;
  std::string serving_hash;
  std::string body_digest;
  std::uint16_t port = 0;    // of its engine pods
  std::string engine_model;  // "<servedModelName>-<servingHash>": what the engine calls itself
  std::shared_ptr<const CompiledPrompt> prompt;  // null: messages pass
  std::shared_ptr<const guard::Guard> guard;     // null: no guardrails
  bool guard_reads_prompt = false;               // a rule compares answers with the rendered system prompt
  bool guard_asks_services = false;              // about requests
  std::vector<std::string> guardrails;           // their names, in their order
};
using RevisionPointer = std::shared_ptr<const Revision>;

struct Arm {
  std::string name;
  RevisionPointer revision;
  std::int64_t weight = 0;                                       // percent
  std::vector<std::pair<std::uint32_t, std::uint32_t>> buckets;  // half-open
};

struct Model {
  std::string name;  // what clients send as "model"
  bool open = false;
  std::string salt;
  Duration request_timeout = defaults::kEngineRequestTimeout;
  std::optional<wire::Overflow> overflow;  // absent: requests without room wait a little
  std::vector<StickySource> stickiness;
  std::string evaluation_audience;
  double evaluation_share = 0;
  std::vector<Arm> arms;
  std::vector<RevisionPointer> revisions;
  VariableNames known_variables;                        // of all its revisions
  std::map<std::string, LiveLimits, std::less<>> live;  // by revision hash; absent: no limits

  const LiveLimits& limits_of(std::string_view revision_hash) const;
  const Arm* arm_of_bucket(std::uint32_t bucket) const;
};

struct ConfigSnapshot {
  std::int64_t epoch = 0;
  std::string digest;  // of the whole configuration
  std::vector<Model> models;

  const Model* model(std::string_view name) const;
};

// By whole revision hash.
using RevisionBodies = std::map<std::string, wire::RevisionBody>;

// Revisions that are unchanged in `previous` (null: none) are shared with it.
// Errors: InvalidArgument naming the field: a missing body, an arm without revision, buckets that overlap,
// leave a gap while the model is open, or are not weight × 100, a prompt that does not compile, a guardrail
// that does not (the message names it).
Result<ConfigSnapshot> make_snapshot(const wire::GatewayConfig& config, const RevisionBodies& bodies,
                                     const ConfigSnapshot* previous);

}  // namespace llmops::gateway
