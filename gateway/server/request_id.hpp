// The id of a request, for the client, the engine and the logs.
#pragma once

#include <string>

#include "operator/platform/env.hpp"
#include "operator/platform/http.hpp"

namespace llmops::gateway {

// The client's x-request-id when it is harmless (1 to 128 of letters, digits, "-_.:"), else "req_" and 24 hex
// digits.
std::string request_id_of(const HttpRequest& request, Env& env);

}  // namespace llmops::gateway
