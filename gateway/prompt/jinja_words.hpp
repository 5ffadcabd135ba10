// The words that templates know: filters, tests, and members of loop.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/prompt/jinja_syntax.hpp"

namespace llmops::gateway::jinja {

struct FilterWord {
  std::string_view name;
  Filter filter;
  std::size_t min_arguments, max_arguments;
};

// Null and nothing for a word that is none.
const FilterWord* find_filter(std::string_view name);
std::optional<Test> find_test(std::string_view name);
std::optional<LoopMember> find_loop_member(std::string_view name);

// "upper, lower, …", as messages list them.
std::string filter_names();
std::string test_names();
std::string loop_member_names();

}  // namespace llmops::gateway::jinja
