// The non-deterministic automaton of all patterns of a set, over bytes of UTF-8, without empty transitions.
//
// Every state can still reach an accepting one. So the texts that lead from a start to any state at all are
// exactly the beginnings of matches: the prefix closure needs no automaton of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "crds/base/result.hpp"
#include "gateway/guard/pattern/syntax.hpp"

namespace llmops::guard {

class Automaton {
 public:
  using State = std::uint32_t;
  struct Edge {
    unsigned char first, last;  // bytes, both inside
    State to;
    friend auto operator<=>(const Edge&, const Edge&) = default;
  };
  static constexpr std::size_t kMostStatesOfPattern = 20000;
  static constexpr std::size_t kMostEdgesOfPattern = 200000;
  static constexpr std::size_t kMostStates = 1000000;
  static constexpr std::size_t kUnboundedLength = std::numeric_limits<std::size_t>::max();

  // Adds the next pattern. Errors: InvalidArgument when it matches the empty text, matches nothing, or is too
  // large.
  Result<void> add(const Expression& expression);
  // To be called once, after the last add().
  void finish();

  std::size_t patterns() const { return first_state_.size() - 1; }
  std::size_t states() const { return final_.size(); }
  // The states of a pattern are the numbers [first_state(pattern), first_state(pattern + 1)).
  State first_state(std::size_t pattern) const { return first_state_[pattern]; }
  std::uint32_t pattern_of(State state) const { return pattern_of_[state]; }
  // Length in bytes of the longest match of a pattern.
  std::size_t longest_match(std::size_t pattern) const { return longest_[pattern]; }
  // Kinds of neighbours (bits of Neighbour): before a start, behind an accepting state; 0 for other states.
  unsigned char start(State state) const { return start_[state]; }
  unsigned char accepting(State state) const { return final_[state]; }
  std::span<const Edge> edges(State state) const {
    return {edges_.data() + edge_offset_[state], edges_.data() + edge_offset_[state + 1]};
  }
  // The same edges at their other end: `to` is where each comes from.
  std::span<const Edge> edges_backwards(State state) const {
    return {backward_edges_.data() + backward_offset_[state],
            backward_edges_.data() + backward_offset_[state + 1]};
  }
  const std::vector<State>& starts() const { return starts_; }

 private:
  std::vector<State> first_state_{0};
  std::vector<std::uint32_t> pattern_of_;
  std::vector<std::size_t> longest_;
  std::vector<unsigned char> start_, final_;
  std::vector<Edge> edges_, backward_edges_;
  std::vector<std::size_t> edge_offset_{0}, backward_offset_;
  std::vector<State> starts_;
};

}  // namespace llmops::guard
