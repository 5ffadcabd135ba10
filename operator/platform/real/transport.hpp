// The Transport on real sockets.
#pragma once

#include <memory>

#include "operator/platform/env.hpp"
#include "operator/platform/transport.hpp"

namespace llmops {

// `env` must run on an io_context and outlive the transport.
std::unique_ptr<Transport> make_real_transport(Env& env);

}  // namespace llmops
