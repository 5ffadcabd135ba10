// Parameters of a request that a prompt sets, and the ones among them that clients may override.
#pragma once

#include <string>
#include <vector>

#include "crds/api/shared.hpp"
#include "crds/base/json.hpp"
#include "crds/base/result.hpp"

namespace llmops::gateway {

struct PromptParameters {
  Json values = Json::object();
  std::vector<std::string> overridable;
};

// Errors: InvalidArgument "parameters/temperature: found 3, allowed at most 2", "overridable[1]: …".
Result<PromptParameters> compile_parameters(const api::PromptContent& content);

// What of the request's members the prompt decides: a value, or null for one that is not passed on. A
// parameter with two names in the API (max_tokens, max_completion_tokens) is one. `request`: null for none.
Json decided_parameters(const PromptParameters& parameters, const Json* request);

// "temperature, top_p, …"
std::string parameter_names();

}  // namespace llmops::gateway
