// The plan of a run: how this release is taken to users. Pinned when the run starts, so that edits of steps
// or gates meet the next release, never the one that is under way.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crds/api/model_deployment.hpp"
#include "crds/api/shared.hpp"
#include "crds/base/json.hpp"
#include "crds/base/time.hpp"
#include "webhooks/rules/strategy.hpp"

namespace llmops::release {

// A gate as it stood when the run started.
struct PinnedGate {
  // One of the three.
  std::optional<api::OfflineEvaluation> offline;
  std::optional<api::LiveEvaluation> live;
  std::optional<api::PrometheusEvaluation> prometheus;
  std::string digest;              // of the gate's content
  std::string dataset_digest;      // of the bytes of the golden set; offline
  std::string dataset_config_map;  // our immutable copy; offline
  bool dry_run = false;            // nothing follows from its verdict
  friend bool operator==(const PinnedGate&, const PinnedGate&) = default;
};

struct Plan {
  std::vector<api::CanaryStep> steps;
  Duration bake{};
  std::int64_t holdback_weight = 0;  // percent, of the old stable in the bake
  Duration abort_scale_down_delay{};
  api::OnInconclusive on_inconclusive{};
  api::CapacityPolicyType capacity{};  // Surge
  api::OnAbort on_abort{};             // Shed
  Duration provision_deadline{};
  Duration load_deadline{};
  // Gates that watch the whole run, from the step with this index on.
  std::vector<api::GateReference> background;
  std::size_t background_from = 0;
  std::map<std::string, PinnedGate> gates;  // by name

  Json to_document() const;
  static Result<Plan> from_document(const Json& document);
  std::string digest() const;
  friend bool operator==(const Plan&, const Plan&) = default;
};

// The plan of a spec for a change of these parts (strategy.when), defaults filled in; of `gates` those that
// its steps name.
Plan plan_of(const api::ModelDeploymentSpec& spec, const std::vector<api::Part>& changed,
             const std::map<std::string, PinnedGate>& gates);

// To users as soon as there is capacity.
Plan without_steps(Plan plan);

// Names of the gates that a plan refers to, and of all that a spec could ever ask; once each.
std::vector<std::string> gates_of(const Plan& plan);
using rules::gates_of;  // of a spec

// "setWeight: 50", for messages.
std::string describe(const api::CanaryStep& step);

}  // namespace llmops::release
