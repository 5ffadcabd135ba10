// What a persisted status asks to be done. Nothing here decides: what follows from an observation is written
// to the status first.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "controllers/modeldeployment/core/children/child.hpp"
#include "controllers/modeldeployment/core/derived.hpp"
#include "controllers/modeldeployment/core/target.hpp"

namespace llmops::release {

struct Create {
  Child child;
};
// PUT of the live object with our part replaced, carrying the resourceVersion of `live`.
struct Replace {
  Child child;
  kube::ObjectMeta live;
  bool unread = false;  // `child` says all that there is: the live object need not be read first
};
struct Scale {
  kube::ObjectMeta live;
  std::int64_t replicas = 0;
};
struct Annotate {
  kube::ObjectMeta live;
  std::string key, value;
};  // of a ControllerRevision
struct Delete {
  kube::ResourceType type;
  kube::ObjectMeta live;
};
// PUT of the status of a live EvalRun.
struct Record {
  kube::ObjectMeta live;
  api::EvalRunStatus status;
};
using Action = std::variant<Create, Replace, Scale, Annotate, Delete, Record>;

// What gateways counted since, for the EvalRuns of live gates: it is written before anything else is decided.
std::vector<Action> evidence_actions(const Observed& observed);

// In the order in which they are to be done; the first failure ends the pass.
std::vector<Action> next_actions(const Observed& observed, const Target& target, Derived& derived);

}  // namespace llmops::release
