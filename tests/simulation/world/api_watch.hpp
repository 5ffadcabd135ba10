// The watch verb of the simulated API server.
#pragma once

#include <memory>
#include <string>

#include "tests/simulation/world/api_server.hpp"

namespace llmops::simulation {

// Streams events after the request's resourceVersion until its timeoutSeconds; with bookmarks, selectors
// (an object that stops matching is DELETED, one that starts is ADDED), and 410 as a status or as an event.
Task<void> serve_watch(Env& env, std::shared_ptr<ApiServerState> state, const kube::ResourceType& type,
                       std::string ns, ServerExchange& exchange);

}  // namespace llmops::simulation
