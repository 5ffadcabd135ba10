// Who the gateways are. Watches tell it late: one that no cache has seen yet may already assign requests.
#pragma once

#include "controllers/modeldeployment/core/observed.hpp"

namespace llmops::release {

// Whether what those that are known have answered leaves a question that all of them must answer, so that
// they are to be listed live, by quorum: that an epoch is in force, that nothing uses pods that are to go,
// what live gates count, which epoch was given last. One answer that says no settles each of the first two.
bool needs_roll_call(const Observed& observed);

}  // namespace llmops::release
