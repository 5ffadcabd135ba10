// How a gate's powers are told to people.
#pragma once

#include <cstdint>
#include <string>

#include "crds/api/shared.hpp"

namespace llmops::rules {

// 0.0487 → "4.9 points"; 0.1 → "10 points".
std::string points(double share);

// A number without needless digits: "0.9", "800".
std::string number(double value);

std::string items(std::int64_t count);  // "1 item", "60 items"

// "one lost item", "no lost item", "3 lost items".
std::string lost_items(std::int64_t count);

// "mean at least 0.9 and at most 1".
std::string objective_words(const api::Objective& objective);

}  // namespace llmops::rules
