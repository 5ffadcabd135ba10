// A deterministic automaton that is built while it runs: each of its states is a set of states of the
// Automaton.
//
// What is built is a cache with a bound on its memory; when it is full it is emptied and begun again, so an
// expression whose determinisation explodes costs time by the byte, never memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gateway/guard/pattern/automaton.hpp"

namespace llmops::guard {

// What a set of states means, and which sets follow it.
class SetRules {
 public:
  using Set = std::vector<Automaton::State>;  // ascending, without repetition

  virtual ~SetRules() = default;
  // Marks, in `bounds`, every byte that is the first of a run of bytes that all sets treat alike.
  virtual void mark_bounds(std::array<bool, 257>& bounds) const = 0;
  // Appends, in any order, the states that follow `set` when `byte` is read.
  virtual void after_byte(std::span<const Automaton::State> set, unsigned char byte, Set& next) const = 0;
  // The same for one of the further symbols.
  virtual void after_symbol(std::span<const Automaton::State> set, std::size_t symbol, Set& next) const = 0;
  virtual std::size_t symbols() const { return 0; }
  // A word for the caller: bits, or what note() makes of it; 0 says nothing.
  virtual std::uint32_t label(std::span<const Automaton::State> set) = 0;
  // The cache was emptied; labels that point somewhere are void.
  virtual void forget() {}
  // Bytes held for labels.
  virtual std::size_t bytes() const { return 0; }
};

class LazyDfa {
 public:
  // A state with its kLabelled bit. Valid until the cache is emptied, which only step(), read() and intern()
  // do (the state that they return is always valid).
  using State = std::uint32_t;
  static constexpr State kDead = 0;  // the empty set
  static constexpr State kLabelled = 0x80000000U;

  LazyDfa(SetRules& rules, std::size_t most_bytes);

  State intern(SetRules::Set& set);  // sorts it
  State step(State state, unsigned char byte) { return follow(state, classes_[byte]); }
  State read(State state, std::size_t symbol) { return follow(state, class_count_ + symbol); }
  std::uint32_t label(State state) const {
    return (state & kLabelled) == 0 ? 0 : labels_[(state & ~kLabelled) / stride_];
  }
  std::span<const Automaton::State> set(State state) const;
  std::size_t row(State state) const { return (state & ~kLabelled) / stride_; }

  // How often the cache has been emptied.
  std::size_t generation() const { return generation_; }
  std::size_t bytes() const;

  // For loops over long texts: the row of a state begins at table()[state & ~kLabelled], its columns are
  // classes(); kUnknown there means that step() must be called. Void after step().
  static constexpr State kUnknown = 0xFFFFFFFFU;
  const State* table() const { return table_.data(); }
  const unsigned char* classes() const { return classes_.data(); }

 private:
  State follow(State state, std::size_t column) {
    const State known = table_[(state & ~kLabelled) + column];
    return known != kUnknown ? known : build(state, column);
  }
  State build(State state, std::size_t column);
  void clear();
  void grow_index();
  static std::uint64_t hash(std::span<const Automaton::State> set);
  std::span<const Automaton::State> set_at(std::size_t row) const {
    return {members_.data() + member_offset_[row], members_.data() + member_offset_[row + 1]};
  }

  SetRules& rules_;
  std::size_t most_bytes_;
  std::array<unsigned char, 256> classes_{};
  std::vector<unsigned char> class_byte_;  // one byte of each class
  std::size_t class_count_ = 0;
  std::size_t stride_ = 0;
  std::vector<State> table_;
  std::vector<std::uint32_t> labels_;
  std::vector<std::size_t> member_offset_;
  std::vector<Automaton::State> members_;
  std::vector<std::uint32_t> index_;  // open addressing: row + 1, 0 is free
  std::size_t generation_ = 0;
  SetRules::Set next_;
};

}  // namespace llmops::guard
