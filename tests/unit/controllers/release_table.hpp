// What follows in each situation from each happening.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "release_scenes.hpp"

namespace llmops::release {

using Outcomes = std::map<std::tuple<Situation, Happening>, std::string>;

std::string_view expected_outcome(Situation situation, Happening happening);

// As the source keeps the table, and as people read it.
std::string table_source(const Outcomes& outcomes);
std::string table_document(const Outcomes& outcomes);

}  // namespace llmops::release
