// The gateway without a cluster, for local use and benchmarks: configuration, bodies and endpoints in one
// JSON file.
//
//   {"config": gatewayconfig/v1, "bodies": [revisionbody/v1 …],
//    "endpoints": [{"servingHash": "…", "ip": "127.0.0.1", "port": 8081, "podUID": "a"}],
//    "jwks": {"keys": […]}}
//
// `port` (default: the body's) and `podUID` (default: "<ip>:<port>") may be left out; so may `jwks`, and then
// nobody may evaluate.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"
#include "gateway/router/endpoints.hpp"
#include "gateway/router/revision.hpp"

namespace llmops::gateway {

struct StaticConfig {
  wire::GatewayConfig config;
  RevisionBodies bodies;
  std::map<std::string, std::vector<EndpointAddress>> endpoints;  // by serving hash
  std::string jwks;                                               // text; may be empty
};

// Errors: InvalidArgument with the field path.
Result<StaticConfig> parse_static_config(std::string_view text);

}  // namespace llmops::gateway
