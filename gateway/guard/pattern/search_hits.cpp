// Where matches may end, and where those begin that are on their way at the end of the text.
#include <algorithm>

#include "gateway/guard/pattern/search.hpp"

namespace llmops::guard {
namespace {

// Hits that are as near to each other are looked at in one go.
constexpr std::size_t kHitsTogether = 64;
// A shorter text is not worth lanes.
constexpr std::size_t kShortestLane = 64;

}  // namespace

void Searcher::note_hit(LazyDfa::State state, std::size_t end) {
  for (const PatternLists::Entry& entry : hit_rules_.lists().at(hits_.label(state))) {
    auto& ends = activate(entry.pattern).ends;
    if (!ends.empty() && ends.back().second + kHitsTogether >= end)
      ends.back().second = end;
    else
      ends.emplace_back(end, end);
  }
}

void Searcher::look_for_hits() {
  LazyDfa::State state = state_at_begin(from_);
  std::size_t position = from_;
  if (patterns_.some_may_be_overlong) {
    // A run that is longer than the limit is on its way at one of these places, at least one byte after its
    // begin.
    const std::size_t limit = patterns_.max_match_bytes;
    for (std::size_t place = from_ + limit; place < text_.size(); place += limit) {
      state = walk(state, position, place);
      look_for_long_run(state, place);
      position = place;
    }
  }
  hits_end_ = walk(state, position, text_.size());
}

// Reads bytes [begin, end), `state` before them; the state behind them.
LazyDfa::State Searcher::walk(LazyDfa::State state, std::size_t begin, std::size_t end) {
  if (patterns_.start_bytes.rare() || end - begin < kLanes * kShortestLane) return walk_on(state, begin, end);
  return walk_in_lanes(state, begin, end);
}

LazyDfa::State Searcher::walk_on(LazyDfa::State state, std::size_t begin, std::size_t end) {
  const std::string_view text = text_.substr(0, end);
  const bool skips = patterns_.start_bytes.rare();
  const LazyDfa::State* table = hits_.table();
  const unsigned char* classes = hits_.classes();
  for (std::size_t i = begin; i < end; ++i) {
    if (skips && state == LazyDfa::kDead) {
      i = patterns_.start_bytes.next(text, i);
      if (i == end) break;
    }
    const unsigned char byte = byte_at(i);
    LazyDfa::State next = table[state + classes[byte]];
    if ((next & LazyDfa::kLabelled) != 0) {
      if (next == LazyDfa::kUnknown) {
        next = hits_.step(state, byte);
        table = hits_.table();
      }
      note_hit(next, i + 1);
      next &= ~LazyDfa::kLabelled;
    }
    state = next;
  }
  return state;
}

// Step `i` of all lanes where one of them has something to tell or is not known yet; as step_lanes().
bool Searcher::note_in_lanes(std::size_t i, const LaneStates& from, LaneStates& to) {
  const std::size_t generation = hits_.generation();
  for (std::size_t k = 0; k < kLanes; ++k) {
    if (to[k] == LazyDfa::kUnknown) to[k] = hits_.step(from[k], byte_at(lanes_[k].begin + i));
    if (hits_.generation() != generation) return false;
    if ((to[k] & LazyDfa::kLabelled) != 0) lanes_[k].hits.emplace_back(i, to[k]);
    to[k] &= ~LazyDfa::kLabelled;
  }
  return true;
}

// Steps [first, last) of all lanes. False: the cache was emptied, and no state is valid any more.
bool Searcher::step_lanes(std::size_t first, std::size_t last, bool remember) {
  const LazyDfa::State* table = hits_.table();
  const unsigned char* classes = hits_.classes();
  LaneStates at, next;
  std::array<const unsigned char*, kLanes> text;
  for (std::size_t k = 0; k < kLanes; ++k) {
    at[k] = lanes_[k].state;
    text[k] = reinterpret_cast<const unsigned char*>(text_.data()) + lanes_[k].begin;
  }
  for (std::size_t i = first; i < last; ++i) {
    LazyDfa::State any = 0;
    for (std::size_t k = 0; k < kLanes; ++k) {
      next[k] = table[at[k] + classes[text[k][i]]];
      any |= next[k];
    }
    if ((any & LazyDfa::kLabelled) != 0) {
      const LaneStates from = at;  // copies: the states themselves stay in registers
      LaneStates to = next;
      if (!note_in_lanes(i, from, to)) return false;
      next = to;
      table = hits_.table();
    }
    at = next;
    if (remember)
      for (std::size_t k = 0; k < kLanes; ++k) lanes_[k].states[i] = at[k];
  }
  for (std::size_t k = 0; k < kLanes; ++k) lanes_[k].state = at[k];
  return true;
}

// The same in several stretches at a time: a step waits for the one before it, but not for those of other
// lanes. A lane begins as if nothing were on its way; it is right from where the reading that comes from the
// lane before is in the same state.
LazyDfa::State Searcher::walk_in_lanes(LazyDfa::State state, std::size_t begin, std::size_t end) {
  const std::size_t size = (end - begin) / kLanes;
  const std::size_t generation = hits_.generation();
  const std::span<const Automaton::State> before_all = hits_.set(state);
  SetRules::Set first(before_all.begin(), before_all.end());
  for (std::size_t k = 0; k < kLanes; ++k) {
    Lane& lane = lanes_[k];
    lane.begin = begin + k * size;
    lane.hits.clear();
    lane.state = k == 0 ? state : state_at_begin(lane.begin);
  }
  if (hits_.generation() != generation || !step_lanes(0, Lane::kMeeting, true) ||
      !step_lanes(Lane::kMeeting, size, false))
    return walk_on(hits_.intern(first) & ~LazyDfa::kLabelled, begin, end);
  for (const Lane& lane : lanes_) {
    std::size_t right_from = 0;
    if (&lane != lanes_.data()) {
      // Reads on until the lane is met.
      do {
        const std::size_t at = lane.begin + right_from++;
        const LazyDfa::State next = hits_.step(state, byte_at(at));
        if ((next & LazyDfa::kLabelled) != 0) note_hit(next, at + 1);
        state = next & ~LazyDfa::kLabelled;
        if (hits_.generation() != generation) return walk_on(state, at + 1, end);
      } while (state != lane.states[right_from - 1] && right_from < Lane::kMeeting);
      if (state != lane.states[right_from - 1]) {
        state = walk_on(state, lane.begin + right_from, lane.begin + size);
        if (hits_.generation() != generation) return walk_on(state, lane.begin + size, end);
        continue;
      }
    }
    for (const auto& [at, hit] : lane.hits)
      if (at >= right_from) note_hit(hit, lane.begin + at + 1);
    state = lane.state;
  }
  return walk_on(state, begin + kLanes * size, end);
}

// The state before a byte when nothing is on its way there.
LazyDfa::State Searcher::state_at_begin(std::size_t position) {
  if (begin_states_generation_ != hits_.generation()) {
    begin_states_.fill(LazyDfa::kUnknown);
    begin_states_generation_ = hits_.generation();
  }
  const Neighbour kind = before(position);
  if (begin_states_[kind] != LazyDfa::kUnknown) return begin_states_[kind];
  SetRules::Set set = hit_rules_.begin(kind);
  const LazyDfa::State state = set.empty() ? LazyDfa::kDead : hits_.intern(set);
  if (begin_states_generation_ == hits_.generation()) begin_states_[kind] = state;
  return state;
}

// The live automaton's state of the matches that are on their way in a state of the hits.
LazyDfa::State Searcher::live_from(LazyDfa::State hits_state) {
  if (hits_state == LazyDfa::kDead) return LazyDfa::kDead;
  KnownLive& known = known_live_[hits_.row(hits_state) % known_live_.size()];
  if (known.hits == hits_state && known.hits_generation == hits_.generation() &&
      known.live_generation == live_.generation())
    return known.live;
  const std::span<const Automaton::State> on_their_way = hit_rules_.on_their_way(hits_.set(hits_state));
  SetRules::Set set(on_their_way.begin(), on_their_way.end());
  const LazyDfa::State live = live_.intern(set);
  known = {hits_state, live, hits_.generation(), live_.generation()};
  return live;
}

void Searcher::look_for_long_run(LazyDfa::State hits_state, std::size_t place) {
  LazyDfa::State state = live_from(hits_state);
  LazyDfa::State last = LazyDfa::kDead;
  for (std::size_t x = place; state != LazyDfa::kDead && x > place - patterns_.max_match_bytes; --x) {
    state = live_.step(state, byte_at(x - 1));
    if (state == last) continue;
    last = state;
    for (const PatternLists::Entry& entry : live_rules_.lists().at(live_.label(state))) {
      if (!patterns_.may_be_overlong(entry.pattern)) continue;
      auto& places = activate(entry.pattern).viable_at;
      if (places.empty() || places.back() != place) places.push_back(place);
    }
  }
}

// The earliest byte at which a match of a pattern that is not active could begin and still go on at the end.
// A pattern for which that is not the whole answer becomes active.
std::size_t Searcher::look_for_live_begins() {
  for (;;) {
    const std::size_t active_before = active_count_;
    const std::size_t earliest = read_live_begins();
    // What was read of patterns that have become active since does not count.
    if (active_count_ == active_before) return earliest;
  }
}

std::size_t Searcher::read_live_begins() {
  std::size_t earliest = text_.size();
  LazyDfa::State state = live_from(hits_end_);
  for (std::size_t x = text_.size(); state != LazyDfa::kDead && x > from_; --x) {
    state = live_.step(state, byte_at(x - 1));
    const std::uint32_t label = live_.label(state);
    if (label == 0) continue;
    const bool long_run = text_.size() - (x - 1) > patterns_.max_match_bytes;
    if (!long_run && active_count_ == 0 && patterns_.all_begin_anywhere) {
      earliest = x - 1;
      continue;
    }
    for (const PatternLists::Entry& entry : live_rules_.lists().at(label)) {
      if ((entry.neighbours & before(x - 1)) == 0 || round_of_[entry.pattern] == round_) continue;
      if (long_run)
        activate(entry.pattern);
      else
        earliest = x - 1;
    }
  }
  return earliest;
}

}  // namespace llmops::guard
