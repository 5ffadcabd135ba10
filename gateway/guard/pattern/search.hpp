// One search at a time in a text, with the caches that it warms up. See README.md for how it works.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gateway/guard/pattern/machines.hpp"
#include "gateway/guard/pattern/pattern_set.hpp"
#include "gateway/guard/pattern/start_bytes.hpp"

namespace llmops::guard {

// What a set is compiled to; immutable.
struct CompiledPatterns {
  Automaton automaton;
  std::size_t max_match_bytes = 0;
  // By pattern: whether it may begin behind any neighbour.
  std::vector<bool> begins_anywhere;
  bool all_begin_anywhere = true;
  bool some_may_be_overlong = false;
  StartBytes start_bytes;

  bool may_be_overlong(std::size_t pattern) const {
    return automaton.longest_match(pattern) > max_match_bytes;
  }
};

class Searcher {
 public:
  // Bounds of the caches, in bytes.
  static constexpr std::size_t kMostHitBytes = 4U << 20;
  static constexpr std::size_t kMostLiveBytes = 2U << 20;
  static constexpr std::size_t kMostSingleBytes = 256U << 10;  // of one pattern, in each direction
  static constexpr std::size_t kMostSinglesBytes = 2U << 20;   // of all patterns

  explicit Searcher(const CompiledPatterns& patterns);
  Searcher(const Searcher&) = delete;
  Searcher& operator=(const Searcher&) = delete;

  // As PatternSet::find.
  std::size_t find(const Window& window, const PatternSet::Accept& accept, std::vector<PatternMatch>& matches,
                   std::string* resume, const PatternSet::OnItsWay& on_its_way = nullptr);
  // Held by the caches now.
  std::size_t bytes() const;
  // Without a code point at the end that is not whole yet.
  static std::string_view whole_code_points(std::string_view text);

 private:
  // The two automata of one pattern.
  struct Single {
    Single(const Automaton& automaton, std::size_t pattern);
    std::size_t bytes() const { return sizeof(Single) + begins.bytes() + ends.bytes(); }
    LazyDfa::State start(Neighbour before);
    BeginRules begin_rules;
    EndRules end_rules;
    LazyDfa begins, ends;
    std::array<LazyDfa::State, 4> starts{};
    std::size_t starts_generation = ~std::size_t{0};
  };
  // A pattern that has something to tell in this window.
  struct Active {
    std::uint32_t pattern = 0;
    std::size_t position = 0;          // matches begin here or later
    std::vector<Automaton::State> at;  // not empty: an open match is in these states at Window::from
    // Where matches end: [first, second] has all of them; ascending and apart.
    std::vector<std::pair<std::size_t, std::size_t>> ends;
    std::vector<std::size_t> viable_at;  // places where a long match may be on its way, ascending
  };
  struct Open {
    std::uint32_t pattern;
    std::size_t begin;  // Window::from when it is continued
    bool continued;
  };
  // What becomes of the pattern's match at one byte.
  struct Run {
    enum class Outcome { Nothing, Match, Overlong, Undecided } outcome = Outcome::Nothing;
    std::size_t end = 0;  // of an undecided one: of its longest match so far, 0 when it has none
  };

  static constexpr std::size_t kLanes = 4;
  using LaneStates = std::array<LazyDfa::State, kLanes>;
  // A stretch of the text that is read as if nothing were on its way at its begin; what is true of it from
  // where the reading that knows meets it is taken over.
  struct Lane {
    static constexpr std::size_t kMeeting = 32;  // states that are remembered to be met
    std::size_t begin = 0;
    LazyDfa::State state = LazyDfa::kDead;
    std::array<LazyDfa::State, kMeeting> states;
    std::vector<std::pair<std::size_t, LazyDfa::State>> hits;  // the state behind a byte of the lane
  };
  struct KnownLive {
    LazyDfa::State hits = LazyDfa::kUnknown, live = LazyDfa::kDead;
    std::size_t hits_generation = 0, live_generation = 0;
  };

  unsigned char byte_at(std::size_t position) const { return static_cast<unsigned char>(text_[position]); }
  Neighbour before(std::size_t position) const;
  // Nothing where it is not known yet.
  std::optional<Neighbour> behind(std::size_t position) const;
  bool between_code_points(std::size_t position) const;
  std::size_t code_point_begin(std::size_t position) const;

  Active& activate(std::uint32_t pattern);
  Single& single(std::uint32_t pattern);
  void read_resume(std::string_view resume);
  void write_resume(std::size_t decided, const std::vector<PatternMatch>& matches, std::size_t first_match,
                    std::string& resume);
  void look_for_hits();
  LazyDfa::State walk(LazyDfa::State state, std::size_t begin, std::size_t end, std::size_t stretch);
  LazyDfa::State walk_in_lanes(LazyDfa::State state, std::size_t begin, std::size_t size);
  LazyDfa::State walk_on(LazyDfa::State state, std::size_t begin, std::size_t end);
  bool note_in_lanes(std::size_t i, const LaneStates& from, LaneStates& to);
  bool step_lanes(std::size_t first, std::size_t last, bool remember);
  LazyDfa::State state_at_begin(std::size_t position);
  void note_hit(LazyDfa::State state, std::size_t end);
  void look_for_long_run(LazyDfa::State state, std::size_t place);
  std::size_t look_for_live_begins(const PatternSet::OnItsWay& on_its_way);
  std::size_t read_live_begins(const PatternSet::OnItsWay& on_its_way);
  LazyDfa::State live_from(LazyDfa::State hits_state);
  std::size_t search(Active& active, const PatternSet::Accept& accept, const PatternSet::OnItsWay& on_its_way,
                     std::vector<PatternMatch>& matches, bool resumable);
  void collect_begins(const Active& active, Single& machines, std::size_t position);
  Run run_from(std::size_t begin, std::uint32_t pattern, Single& machines);
  // Where the run that is in `state` at `position` dies, between code points, or the window's end.
  std::size_t run_to_death(Single& machines, LazyDfa::State state, std::size_t position) const;

  const CompiledPatterns& patterns_;
  HitRules hit_rules_;
  LiveRules live_rules_;
  LazyDfa hits_, live_;
  std::array<Lane, kLanes> lanes_;
  std::array<KnownLive, 64> known_live_{};
  std::array<LazyDfa::State, 16> begin_states_{};  // by Neighbour
  std::size_t begin_states_generation_ = ~std::size_t{0};
  std::unordered_map<std::uint32_t, std::unique_ptr<Single>> singles_;
  std::size_t singles_bytes_ = 0;

  // Of the search that is on.
  std::string_view text_, whole_text_;
  LazyDfa::State hits_end_ = LazyDfa::kDead;  // behind the text, of hits_
  std::size_t from_ = 0;
  bool complete_ = false;
  std::uint64_t round_ = 0;
  std::vector<std::uint64_t> round_of_;       // by pattern
  std::vector<std::uint32_t> active_number_;  // by pattern, valid when round_of_ is round_
  std::vector<Active> actives_;
  std::size_t active_count_ = 0;
  std::vector<Open> opens_;
  std::vector<std::size_t> begins_;  // descending
  // The states of the last run, from run_begin_ on: a run that meets them goes on and ends as that one did.
  std::vector<LazyDfa::State> run_states_, new_run_states_;
  std::size_t run_begin_ = 0;
  std::size_t run_match_end_ = 0;
  bool run_undecided_ = false;
  std::size_t run_generation_ = 0;
};

}  // namespace llmops::guard
