// The four questions that a search asks of the automaton, each as a lazily built deterministic automaton.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gateway/guard/pattern/lazy_dfa.hpp"

namespace llmops::guard {

// Lists of patterns as labels of states, each pattern with the kinds of neighbours for which it holds.
class PatternLists {
 public:
  struct Entry {
    std::uint32_t pattern;
    std::uint32_t neighbours;  // bits of Neighbour
  };
  std::uint32_t add(const std::vector<Entry>& entries);
  // Of a label; patterns ascending.
  std::span<const Entry> at(std::uint32_t label) const;
  void clear();
  std::size_t bytes() const {
    return offset_.size() * sizeof(std::uint32_t) + entries_.size() * sizeof(Entry);
  }

 private:
  std::vector<std::uint32_t> offset_{0, 0};
  std::vector<Entry> entries_;
};

// Read forwards from anywhere: the patterns of which a match may end here, the neighbour behind it not
// regarded. The starts are in every set unsaid. What stands before a start is regarded where some pattern
// asks for it: then a set has a mark of its last byte's kind, but for kOther; the empty set says kOther.
class HitRules final : public SetRules {
 public:
  explicit HitRules(const Automaton& automaton);
  // The set in which nothing has been read and `before` stands before the place.
  Set begin(Neighbour before) const;
  // Without marks: where matches on their way are.
  std::span<const Automaton::State> on_their_way(std::span<const Automaton::State> set) const;
  void mark_bounds(std::array<bool, 257>& bounds) const override;
  void after_byte(std::span<const Automaton::State> set, unsigned char byte, Set& next) const override;
  void after_symbol(std::span<const Automaton::State>, std::size_t, Set&) const override {}
  std::uint32_t label(std::span<const Automaton::State> set) override;
  void forget() override { lists_.clear(); }
  std::size_t bytes() const override { return lists_.bytes(); }
  const PatternLists& lists() const { return lists_; }

 private:
  std::size_t kind_before(std::span<const Automaton::State> set) const;

  const Automaton& automaton_;
  bool marks_ = false;
  std::vector<std::vector<Automaton::State>> after_start_;  // by the kind before (if it matters), by byte
  PatternLists lists_;
};

// Read backwards from the states in which matches are on their way: the patterns of which one may begin here
// and be there where the reading began.
class LiveRules final : public SetRules {
 public:
  explicit LiveRules(const Automaton& automaton) : automaton_(automaton) {}
  void mark_bounds(std::array<bool, 257>& bounds) const override;
  void after_byte(std::span<const Automaton::State> set, unsigned char byte, Set& next) const override;
  void after_symbol(std::span<const Automaton::State>, std::size_t, Set&) const override {}
  std::uint32_t label(std::span<const Automaton::State> set) override;
  void forget() override { lists_.clear(); }
  std::size_t bytes() const override { return lists_.bytes(); }
  const PatternLists& lists() const { return lists_; }

 private:
  const Automaton& automaton_;
  PatternLists lists_;
};

// One pattern read backwards. The label has the bits of Neighbour with which a match may begin here.
class BeginRules final : public SetRules {
 public:
  // Adds all states: where the reading is now, a match may still go on.
  static constexpr std::size_t kGoesOn = 4;
  // Adds the accepting states: where the reading is now, a match may end before this kind of neighbour.
  static std::size_t ends_before(Neighbour neighbour);

  BeginRules(const Automaton& automaton, std::size_t pattern) : automaton_(automaton), pattern_(pattern) {}
  void mark_bounds(std::array<bool, 257>& bounds) const override;
  void after_byte(std::span<const Automaton::State> set, unsigned char byte, Set& next) const override;
  void after_symbol(std::span<const Automaton::State> set, std::size_t symbol, Set& next) const override;
  std::size_t symbols() const override { return 5; }
  std::uint32_t label(std::span<const Automaton::State> set) override;

 private:
  const Automaton& automaton_;
  std::size_t pattern_;
};

// One pattern read forwards from one byte. The label has the bits of Neighbour before which a match may end.
class EndRules final : public SetRules {
 public:
  EndRules(const Automaton& automaton, std::size_t pattern) : automaton_(automaton), pattern_(pattern) {}
  // The starts that may stand behind this kind of neighbour.
  Set starts_after(Neighbour neighbour) const;
  void mark_bounds(std::array<bool, 257>& bounds) const override;
  void after_byte(std::span<const Automaton::State> set, unsigned char byte, Set& next) const override;
  void after_symbol(std::span<const Automaton::State>, std::size_t, Set&) const override {}
  std::uint32_t label(std::span<const Automaton::State> set) override;

 private:
  const Automaton& automaton_;
  std::size_t pattern_;
};

}  // namespace llmops::guard
