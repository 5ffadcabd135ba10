// Is this pod the engine that we mean? Asked on every new connection, so that a reused pod IP cannot answer
// for another revision.
#pragma once

#include <string>
#include <string_view>

#include "operator/platform/transport.hpp"

namespace llmops::gateway {

// GET /v1/models must name `engine_model`, else Unavailable.
Result<void> check_engine_identity(const std::string& engine_model, int status, std::string_view body);
Preflight engine_preflight(const std::string& engine_model);

}  // namespace llmops::gateway
