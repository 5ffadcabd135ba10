#include "gateway/guard/pattern/machines.hpp"

#include <algorithm>
#include <iterator>

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

// Adds the pattern of a state, whose number is not below that of the last one.
void note(std::uint32_t pattern, std::uint32_t neighbours, std::vector<PatternLists::Entry>& entries) {
  if (neighbours == 0) return;
  if (entries.empty() || entries.back().pattern != pattern)
    entries.push_back({pattern, neighbours});
  else
    entries.back().neighbours |= neighbours;
}

// Positions of the kinds in HitRules.
constexpr Neighbour kKinds[] = {kOther, kTextEdge, kNewline, kWord};

std::size_t position_of(Neighbour kind) {
  return static_cast<std::size_t>(std::find(std::begin(kKinds), std::end(kKinds), kind) - std::begin(kKinds));
}

}  // namespace

std::uint32_t PatternLists::add(const std::vector<Entry>& entries) {
  if (entries.empty()) return 0;
  entries_.insert(entries_.end(), entries.begin(), entries.end());
  offset_.push_back(static_cast<std::uint32_t>(entries_.size()));
  return static_cast<std::uint32_t>(offset_.size() - 2);
}

std::span<const PatternLists::Entry> PatternLists::at(std::uint32_t label) const {
  return {entries_.data() + offset_[label], entries_.data() + offset_[label + 1]};
}

void PatternLists::clear() {
  offset_.assign(2, 0);
  entries_.clear();
}

HitRules::HitRules(const Automaton& automaton) : automaton_(automaton) {
  for (const State state : automaton.starts()) marks_ = marks_ || automaton.start(state) != kAnyNeighbour;
  after_start_.resize(256 * (marks_ ? std::size(kKinds) : 1));
  for (const State state : automaton.starts())
    for (const Automaton::Edge& edge : automaton.edges(state))
      for (unsigned byte = edge.first; byte <= edge.last; ++byte) {
        for (std::size_t kind = 0; 256 * kind < after_start_.size(); ++kind)
          if ((automaton.start(state) & kKinds[kind]) != 0)
            after_start_[256 * kind + byte].push_back(edge.to);
      }
  for (std::vector<State>& states : after_start_) {
    std::sort(states.begin(), states.end());
    states.erase(std::unique(states.begin(), states.end()), states.end());
    states.shrink_to_fit();
  }
}

SetRules::Set HitRules::begin(Neighbour before) const {
  if (!marks_ || before == kOther) return {};
  return {static_cast<State>(automaton_.states() + position_of(before))};
}

std::span<const State> HitRules::on_their_way(std::span<const State> set) const {
  const bool marked = !set.empty() && set.back() >= automaton_.states();
  return set.first(set.size() - (marked ? 1 : 0));
}

std::size_t HitRules::kind_before(std::span<const State> set) const {
  return !set.empty() && set.back() >= automaton_.states() ? set.back() - automaton_.states() : 0;
}

void HitRules::mark_bounds(std::array<bool, 257>& bounds) const {
  mark_states(automaton_, 0, static_cast<State>(automaton_.states()), bounds);
  if (!marks_) return;
  for (unsigned byte = 1; byte < 256; ++byte)
    if (neighbour_kind(static_cast<unsigned char>(byte)) !=
        neighbour_kind(static_cast<unsigned char>(byte - 1)))
      bounds[byte] = true;
}

void HitRules::after_byte(std::span<const State> set, unsigned char byte, Set& next) const {
  forwards(automaton_, on_their_way(set), byte, next);
  const std::vector<State>& begun = after_start_[256 * kind_before(set) + byte];
  next.insert(next.end(), begun.begin(), begun.end());
  if (const Neighbour kind = neighbour_kind(byte); marks_ && kind != kOther)
    next.push_back(static_cast<State>(automaton_.states() + position_of(kind)));
}

std::uint32_t HitRules::label(std::span<const State> set) {
  std::vector<PatternLists::Entry> entries;
  for (const State state : on_their_way(set))
    note(automaton_.pattern_of(state), automaton_.accepting(state), entries);
  return lists_.add(entries);
}

void LiveRules::mark_bounds(std::array<bool, 257>& bounds) const {
  mark_states(automaton_, 0, static_cast<State>(automaton_.states()), bounds);
}

void LiveRules::after_byte(std::span<const State> set, unsigned char byte, Set& next) const {
  backwards(automaton_, set, byte, next);
}

std::uint32_t LiveRules::label(std::span<const State> set) {
  std::vector<PatternLists::Entry> entries;
  for (const State state : set) note(automaton_.pattern_of(state), automaton_.start(state), entries);
  return lists_.add(entries);
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
