// Chance, by number: what the n-th request meets follows from the seed and n alone. Numbers are given in the
// order of arrival, so a request that is sent again draws again.
#pragma once

#include <cstdint>
#include <string_view>

#include "e2e/fault_engine/settings.hpp"

namespace llmops::fault_engine {

enum class Fault { None, Error, Stall, Cut, Refusal };

Fault draw_fault(const Shares& shares, std::uint64_t seed, std::uint64_t number);

// At most ten minutes.
Duration draw_first_token(const FirstToken& first_token, std::uint64_t seed, std::uint64_t number);

}  // namespace llmops::fault_engine
