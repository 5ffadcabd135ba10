// The names that the generated headers mention, without the cost of nlohmann/json.hpp (about 1 s a file).
// Who calls parse or to_json includes "crds/base/json.hpp" itself.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace llmops {

using Json = nlohmann::json;
class FieldPath;

}  // namespace llmops
