// What is known of the objects beside the one that is looked at: those of the same namespace.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "crds/api/eval_gate.hpp"
#include "crds/api/guardrail.hpp"
#include "crds/api/prompt_version.hpp"
#include "crds/base/json.hpp"

namespace llmops::rules {

template <class T>
using ByName = std::map<std::string, std::shared_ptr<const T>>;

// A kind that is absent is not known at all, and rules that need it say nothing; a name that is missing in a
// kind that is there does not exist. A status is used where it belongs to the spec beside it, and may be
// left out.
struct Neighbours {
  std::optional<ByName<api::PromptVersion>> prompt_versions;
  std::optional<ByName<api::Guardrail>> guardrails;
  std::optional<ByName<api::EvalGate>> eval_gates;
  std::optional<ByName<Json>> config_maps;  // whole objects: the golden sets of gates
};

}  // namespace llmops::rules
