// What `helm test` asks: is the operator ready, and are its kinds served?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "operator/kube/client.hpp"
#include "operator/platform/transport.hpp"

namespace llmops {

// One line for each thing that is not as it should be; none when all is well. Asked again for a while, for an
// operator that has just been installed. Needs no rights but to discover which kinds there are.
Task<std::vector<std::string>> verify(Env& env, Transport& transport, kube::ClientConfig config,
                                      std::string host, std::uint16_t port);

}  // namespace llmops
