// The golden set of a gate, as it stands in the user's ConfigMap.
#pragma once

#include <string>
#include <string_view>

#include "crds/api/shared.hpp"
#include "crds/base/json.hpp"

namespace llmops::rules {

struct GoldenSet {
  std::string name;     // for messages: "ConfigMap shop/support-golden, key dataset.jsonl"
  std::string text;     // empty when there is a problem
  std::string reason;   // empty, DatasetNotFound or DatasetKeyNotFound
  std::string problem;  // names the field, what was found and what to do
};

// What the ConfigMap holds for this reference; `config_map` is the whole object, or null when it does not
// exist.
GoldenSet golden_set(const api::ConfigMapKeyReference& reference, std::string_view ns,
                     const Json* config_map);

}  // namespace llmops::rules
