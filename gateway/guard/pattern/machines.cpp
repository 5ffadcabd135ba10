#include "gateway/guard/pattern/machines.hpp"

#include <algorithm>

namespace llmops::guard {
namespace {

using State = Automaton::State;
using Set = SetRules::Set;

void mark_edges(std::span<const Automaton::Edge> edges, std::array<bool, 257>& bounds) {
  for (const Automaton::Edge& edge : edges) {
    bounds[edge.first] = true;
    bounds[edge.last + 1U] = true;
  }
}

void mark_states(const Automaton& automaton, State first, State end, std::array<bool, 257>& bounds) {
  for (State state = first; state < end; ++state) mark_edges(automaton.edges(state), bounds);
}

void follow(std::span<const Automaton::Edge> edges, unsigned char byte, Set& next) {
  for (const Automaton::Edge& edge : edges)
    if (edge.first <= byte && byte <= edge.last) next.push_back(edge.to);
}

void forwards(const Automaton& automaton, std::span<const State> set, unsigned char byte, Set& next) {
  for (const State state : set) follow(automaton.edges(state), byte, next);
}

void backwards(const Automaton& automaton, std::span<const State> set, unsigned char byte, Set& next) {
  for (const State state : set) follow(automaton.edges_backwards(state), byte, next);
}

}  // namespace

std::uint32_t PatternLists::add(const std::vector<std::uint32_t>& patterns) {
  if (patterns.empty()) return 0;
  patterns_.insert(patterns_.end(), patterns.begin(), patterns.end());
  offset_.push_back(static_cast<std::uint32_t>(patterns_.size()));
  return static_cast<std::uint32_t>(offset_.size() - 2);
}

std::span<const std::uint32_t> PatternLists::at(std::uint32_t label) const {
  return {patterns_.data() + offset_[label], patterns_.data() + offset_[label + 1]};
}

void PatternLists::clear() {
  offset_.assign(2, 0);
  patterns_.clear();
}

HitRules::HitRules(const Automaton& automaton) : automaton_(automaton), after_start_(256) {
  for (const State state : automaton.starts())
    for (const Automaton::Edge& edge : automaton.edges(state))
      for (unsigned byte = edge.first; byte <= edge.last; ++byte) after_start_[byte].push_back(edge.to);
  for (std::vector<State>& states : after_start_) {
    std::sort(states.begin(), states.end());
    states.erase(std::unique(states.begin(), states.end()), states.end());
    states.shrink_to_fit();
  }
}

void HitRules::mark_bounds(std::array<bool, 257>& bounds) const {
  mark_states(automaton_, 0, static_cast<State>(automaton_.states()), bounds);
}

void HitRules::after_byte(std::span<const State> set, unsigned char byte, Set& next) const {
  forwards(automaton_, set, byte, next);
  next.insert(next.end(), after_start_[byte].begin(), after_start_[byte].end());
}

std::uint32_t HitRules::label(std::span<const State> set) {
  std::vector<std::uint32_t> patterns;
  for (const State state : set)
    if (automaton_.accepting(state) != 0 &&
        (patterns.empty() || patterns.back() != automaton_.pattern_of(state)))
      patterns.push_back(automaton_.pattern_of(state));
  return lists_.add(patterns);
}

void LiveRules::mark_bounds(std::array<bool, 257>& bounds) const {
  mark_states(automaton_, 0, static_cast<State>(automaton_.states()), bounds);
}

void LiveRules::after_byte(std::span<const State> set, unsigned char byte, Set& next) const {
  backwards(automaton_, set, byte, next);
}

void LiveRules::after_symbol(std::span<const State>, std::size_t, Set& next) const {
  for (State state = 0; state < automaton_.states(); ++state) next.push_back(state);
}

std::uint32_t LiveRules::label(std::span<const State> set) {
  std::vector<std::uint32_t> patterns;
  for (const State state : set)
    if (automaton_.start(state) != 0 && (patterns.empty() || patterns.back() != automaton_.pattern_of(state)))
      patterns.push_back(automaton_.pattern_of(state));
  return lists_.add(patterns);
}

std::size_t BeginRules::ends_before(Neighbour neighbour) {
  return neighbour == kTextEdge ? 0 : neighbour == kNewline ? 1 : neighbour == kWord ? 2 : 3;
}

void BeginRules::mark_bounds(std::array<bool, 257>& bounds) const {
  mark_states(automaton_, automaton_.first_state(pattern_), automaton_.first_state(pattern_ + 1), bounds);
}

void BeginRules::after_byte(std::span<const State> set, unsigned char byte, Set& next) const {
  backwards(automaton_, set, byte, next);
}

void BeginRules::after_symbol(std::span<const State> set, std::size_t symbol, Set& next) const {
  next.assign(set.begin(), set.end());
  for (State state = automaton_.first_state(pattern_); state < automaton_.first_state(pattern_ + 1); ++state)
    if (symbol == kGoesOn || (automaton_.accepting(state) & (1U << symbol)) != 0) next.push_back(state);
}

std::uint32_t BeginRules::label(std::span<const State> set) {
  std::uint32_t neighbours = 0;
  for (const State state : set) neighbours |= automaton_.start(state);
  return neighbours;
}

SetRules::Set EndRules::starts_after(Neighbour neighbour) const {
  Set set;
  for (State state = automaton_.first_state(pattern_); state < automaton_.first_state(pattern_ + 1); ++state)
    if ((automaton_.start(state) & neighbour) != 0) set.push_back(state);
  return set;
}

void EndRules::mark_bounds(std::array<bool, 257>& bounds) const {
  mark_states(automaton_, automaton_.first_state(pattern_), automaton_.first_state(pattern_ + 1), bounds);
}

void EndRules::after_byte(std::span<const State> set, unsigned char byte, Set& next) const {
  forwards(automaton_, set, byte, next);
}

std::uint32_t EndRules::label(std::span<const State> set) {
  std::uint32_t neighbours = 0;
  for (const State state : set) neighbours |= automaton_.accepting(state);
  return neighbours;
}

}  // namespace llmops::guard
