#include "gateway/prompt/jinja_words.hpp"

#include <array>
#include <utility>

namespace llmops::gateway::jinja {
namespace {

constexpr std::array<FilterWord, 13> kFilters = {{{"upper", Filter::Upper, 0, 0},
                                                  {"lower", Filter::Lower, 0, 0},
                                                  {"trim", Filter::Trim, 0, 0},
                                                  {"join", Filter::Join, 0, 1},
                                                  {"length", Filter::Length, 0, 0},
                                                  {"count", Filter::Length, 0, 0},
                                                  {"default", Filter::Default, 0, 2},
                                                  {"d", Filter::Default, 0, 2},
                                                  {"first", Filter::First, 0, 0},
                                                  {"last", Filter::Last, 0, 0},
                                                  {"replace", Filter::Replace, 2, 2},
                                                  {"items", Filter::Items, 0, 0},
                                                  {"tojson", Filter::ToJson, 0, 0}}};

constexpr std::array<std::pair<std::string_view, Test>, 13> kTests = {{{"defined", Test::Defined},
                                                                       {"undefined", Test::Undefined},
                                                                       {"none", Test::None},
                                                                       {"string", Test::Text},
                                                                       {"number", Test::Number},
                                                                       {"integer", Test::Integer},
                                                                       {"float", Test::Float},
                                                                       {"boolean", Test::Boolean},
                                                                       {"true", Test::True},
                                                                       {"false", Test::False},
                                                                       {"mapping", Test::Mapping},
                                                                       {"sequence", Test::Sequence},
                                                                       {"iterable", Test::Iterable}}};

constexpr std::array<std::pair<std::string_view, LoopMember>, 5> kLoopMembers = {
    {{"index", LoopMember::Index},
     {"index0", LoopMember::Index0},
     {"first", LoopMember::First},
     {"last", LoopMember::Last},
     {"length", LoopMember::Length}}};

template <class Value, std::size_t kSize>
std::optional<Value> find(const std::array<std::pair<std::string_view, Value>, kSize>& table,
                          std::string_view name) {
  for (const auto& [word, value] : table)
    if (word == name) return value;
  return std::nullopt;
}

template <class Table>
std::string names_of(const Table& table) {
  std::string names;
  for (const auto& [name, value] : table) names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

}  // namespace

const FilterWord* find_filter(std::string_view name) {
  for (const FilterWord& word : kFilters)
    if (word.name == name) return &word;
  return nullptr;
}
std::optional<Test> find_test(std::string_view name) {
  return find(kTests, name);
}
std::optional<LoopMember> find_loop_member(std::string_view name) {
  return find(kLoopMembers, name);
}

std::string filter_names() {
  std::string names;
  for (const FilterWord& entry : kFilters) names += (names.empty() ? "" : ", ") + std::string(entry.name);
  return names;
}
std::string test_names() {
  return names_of(kTests);
}
std::string loop_member_names() {
  return names_of(kLoopMembers);
}

}  // namespace llmops::gateway::jinja
