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

// A run that is longer than the limit is on its way at one of any places that are no further apart than the
// limit, so what is on its way is looked at after each stretch of the text.
void Searcher::look_for_hits() {
  const std::size_t longest = patterns_.some_may_be_overlong ? patterns_.max_match_bytes : text_.size();
  LazyDfa::State state = state_at_begin(from_);
  for (std::size_t position = from_; position < text_.size();) {
    const std::size_t size = std::min((text_.size() - position) / kLanes, longest);
    if (!patterns_.start_bytes.rare() && size >= kShortestLane) {
      state = walk_in_lanes(state, position, size);
      position += kLanes * size;
    } else {
      const std::size_t end = std::min(text_.size(), position + longest);
      state = walk(state, position, end, longest);
      position = end;
    }
  }
  hits_end_ = state;
}

// Reads bytes [begin, end) in stretches, `state` before them; the state behind them.
LazyDfa::State Searcher::walk(LazyDfa::State state, std::size_t begin, std::size_t end, std::size_t stretch) {
  while (begin < end) {
    const std::size_t next = begin + std::min(stretch, end - begin);
    state = walk_on(state, begin, next);
    look_for_long_run(state, next);
    begin = next;
  }
  return state;
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
LazyDfa::State Searcher::walk_in_lanes(LazyDfa::State state, std::size_t begin, std::size_t size) {
  const std::size_t end = begin + kLanes * size;
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
    return walk(hits_.intern(first) & ~LazyDfa::kLabelled, begin, end, size);
  for (const Lane& lane : lanes_) {
    std::size_t right_from = 0;
    bool met = &lane == lanes_.data();
    // Reads on until the lane is met.
    for (; !met && right_from < Lane::kMeeting; ++right_from) {
      const std::size_t at = lane.begin + right_from;
      const LazyDfa::State next = hits_.step(state, byte_at(at));
      if ((next & LazyDfa::kLabelled) != 0) note_hit(next, at + 1);
      state = next & ~LazyDfa::kLabelled;
      if (hits_.generation() != generation) {
        look_for_long_run(state, at + 1);
        return walk(state, at + 1, end, size);
      }
      met = state == lane.states[right_from];
    }
    const std::size_t lane_end = lane.begin + size;
    if (!met) {
      state = walk_on(state, lane.begin + right_from, lane_end);
    } else {
      for (const auto& [at, hit] : lane.hits)
        if (at >= right_from) note_hit(hit, lane.begin + at + 1);
      state = lane.state;
    }
    look_for_long_run(state, lane_end);
    if (hits_.generation() != generation) return walk(state, lane_end, end, size);
  }
  return state;
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

// What is on its way at `place` and may become too long is told of.
void Searcher::look_for_long_run(LazyDfa::State hits_state, std::size_t place) {
  if (!patterns_.some_may_be_overlong || place == text_.size()) return;
  LazyDfa::State state = live_from(hits_state);
  LazyDfa::State last = LazyDfa::kDead;
  for (std::size_t x = place; state != LazyDfa::kDead && x > from_ && place - x < patterns_.max_match_bytes;
       --x) {
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
std::size_t Searcher::look_for_live_begins(const PatternSet::OnItsWay& on_its_way) {
  for (;;) {
    const std::size_t active_before = active_count_;
    const std::size_t earliest = read_live_begins(on_its_way);
    // What was read of patterns that have become active since does not count.
    if (active_count_ == active_before) return earliest;
  }
}

std::size_t Searcher::read_live_begins(const PatternSet::OnItsWay& on_its_way) {
  std::size_t earliest = text_.size();
  LazyDfa::State state = live_from(hits_end_);
  for (std::size_t x = text_.size(); state != LazyDfa::kDead && x > from_; --x) {
    state = live_.step(state, byte_at(x - 1));
    const std::uint32_t label = live_.label(state);
    if (label == 0) continue;
    const bool long_run = text_.size() - (x - 1) > patterns_.max_match_bytes;
    if (!long_run && active_count_ == 0 && patterns_.all_begin_anywhere && !on_its_way) {
      earliest = x - 1;
      continue;
    }
    for (const PatternLists::Entry& entry : live_rules_.lists().at(label)) {
      if ((entry.neighbours & before(x - 1)) == 0 || round_of_[entry.pattern] == round_) continue;
      if (long_run)
        activate(entry.pattern);
      else
        earliest =
            std::min(earliest, on_its_way ? on_its_way({entry.pattern, x - 1, x - 1}, whole_text_) : x - 1);
    }
  }
  return earliest;
}

}  // namespace llmops::guard
