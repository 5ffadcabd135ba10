// Reads the JSON forms that the build makes of the YAML files.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include "crds/base/json.hpp"

namespace llmops::test {

// `name` such as "model_deployment", "wire/eval_spec" or "crds/eval_spec". A missing file gives null.
inline Json load(const std::string& name) {
  std::ifstream file(std::string(LLMOPS_BINARY_DIR) + "/tests/api/" + name + ".json");
  std::stringstream text;
  text << file.rdbuf();
  auto parsed = parse_json(text.str());
  return parsed ? std::move(parsed).value() : Json();
}

}  // namespace llmops::test
