// The matches of one pattern: where they begin, and from there how far they reach.
#include <algorithm>

#include "gateway/guard/pattern/search.hpp"

namespace llmops::guard {

Searcher::Single::Single(const Automaton& automaton, std::size_t pattern)
    : begin_rules(automaton, pattern),
      end_rules(automaton, pattern),
      begins(begin_rules, kMostSingleBytes),
      ends(end_rules, kMostSingleBytes) {}

LazyDfa::State Searcher::Single::start(Neighbour before) {
  if (starts_generation != ends.generation()) {
    starts.fill(LazyDfa::kUnknown);
    starts_generation = ends.generation();
  }
  LazyDfa::State& known = starts[BeginRules::ends_before(before)];
  if (known != LazyDfa::kUnknown) return known;
  SetRules::Set set = end_rules.starts_after(before);
  const LazyDfa::State state = ends.intern(set);
  if (starts_generation == ends.generation()) known = state;
  return state;
}

// Every byte at which a match begins, or at which a run that lives at the window's end or in a long run
// begins.
void Searcher::collect_begins(const Active& active, Single& machines, std::size_t position) {
  begins_.clear();
  LazyDfa& begins = machines.begins;
  LazyDfa::State state = LazyDfa::kDead;
  auto ends = active.ends.rbegin();
  auto viable = active.viable_at.rbegin();
  for (std::size_t x = text_.size();; --x) {
    if (x == text_.size() && !complete_) state = begins.read(state, BeginRules::kGoesOn);
    while (ends != active.ends.rend() && ends->first > x) ++ends;
    if (ends != active.ends.rend() && x <= ends->second)
      if (const std::optional<Neighbour> neighbour = behind(x))
        state = begins.read(state, BeginRules::ends_before(*neighbour));
    if (viable != active.viable_at.rend() && *viable == x) {
      state = begins.read(state, BeginRules::kGoesOn);
      ++viable;
    }
    if (x < text_.size() && (begins.label(state) & before(x)) != 0) begins_.push_back(x);
    if (state == LazyDfa::kDead) {
      // On to the next place from which something is read backwards.
      std::size_t next = viable != active.viable_at.rend() ? *viable : 0;
      if (ends != active.ends.rend() && x > 0) next = std::max(next, std::min(ends->second, x - 1));
      if (next <= position) return;
      x = next + 1;
      continue;
    }
    if (x <= position) return;
    state = begins.step(state, byte_at(x - 1));
  }
}

std::size_t Searcher::run_to_death(Single& machines, LazyDfa::State state, std::size_t position) const {
  while (position < text_.size()) {
    state = machines.ends.step(state, byte_at(position));
    if (state == LazyDfa::kDead) return code_point_begin(position);
    ++position;
  }
  return position;
}

Searcher::Run Searcher::run_from(std::size_t begin, std::uint32_t pattern, Single& machines) {
  LazyDfa& ends = machines.ends;
  const bool may_be_overlong = patterns_.may_be_overlong(pattern);
  LazyDfa::State state = machines.start(before(begin));
  const std::size_t generation = ends.generation();
  new_run_states_.clear();
  std::size_t match_end = 0;
  const auto result = [&match_end](bool undecided) {
    if (undecided) return Run{Run::Outcome::Undecided, match_end};
    return match_end == 0 ? Run{} : Run{Run::Outcome::Match, match_end};
  };
  bool undecided = false;
  for (std::size_t x = begin;; ++x) {
    if (const std::uint32_t allowed = x > begin ? ends.label(state) : 0; allowed != 0)
      if (const std::optional<Neighbour> neighbour = behind(x); neighbour && (allowed & *neighbour) != 0)
        match_end = x;
    if (may_be_overlong && x - begin > patterns_.max_match_bytes && between_code_points(x)) {
      const std::size_t end = run_to_death(machines, state, x);
      return {Run::Outcome::Overlong, end};
    }
    if (x == text_.size()) {
      undecided = !complete_;
      break;
    }
    const bool met = run_generation_ == ends.generation() && x >= run_begin_ &&
                     x - run_begin_ < run_states_.size() && run_states_[x - run_begin_] == state;
    if (met) {
      if (run_match_end_ > x) match_end = run_match_end_;
      return result(run_undecided_);
    }
    new_run_states_.push_back(state);
    state = ends.step(state, byte_at(x));
    if (state == LazyDfa::kDead) break;
  }
  if (generation == ends.generation()) {
    std::swap(run_states_, new_run_states_);
    run_begin_ = begin;
    run_match_end_ = match_end;
    run_undecided_ = undecided;
    run_generation_ = generation;
  } else {
    run_states_.clear();
  }
  return result(undecided);
}

// All matches of one pattern. Returns its earliest undecided byte.
std::size_t Searcher::search(Active& active, const PatternSet::Accept& accept,
                             const PatternSet::OnItsWay& on_its_way, std::vector<PatternMatch>& matches,
                             bool resumable) {
  Single& machines = single(active.pattern);
  const std::size_t bytes_before = machines.bytes();
  const auto done = [&](std::size_t decided) {
    singles_bytes_ += machines.bytes();
    singles_bytes_ -= std::min(singles_bytes_, bytes_before);
    return decided;
  };
  std::size_t position = active.position;
  const auto found_overlong = [&](std::size_t begin, std::size_t end, bool continued) {
    const bool open = end == text_.size() && !complete_;
    PatternMatch match{active.pattern, begin, end, true, open && resumable, continued};
    if (end > begin) matches.push_back(match);
    if (open && resumable) opens_.push_back({active.pattern, begin, continued});
    position = end;
    return open;
  };
  if (!active.at.empty()) {
    SetRules::Set at = active.at;
    const std::size_t end = run_to_death(machines, machines.ends.intern(at), from_);
    if (found_overlong(from_, end, true)) return done(resumable ? text_.size() : from_);
  }
  collect_begins(active, machines, position);
  run_states_.clear();
  std::size_t decided = text_.size();
  for (auto begin = begins_.rbegin(); begin != begins_.rend(); ++begin) {
    if (*begin < position) continue;
    const Run run = run_from(*begin, active.pattern, machines);
    switch (run.outcome) {
      case Run::Outcome::Nothing:
        break;
      case Run::Outcome::Undecided:
        if (!on_its_way) return done(*begin);
        decided =
            std::min(decided, on_its_way({active.pattern, *begin, std::max(*begin, run.end)}, whole_text_));
        break;
      case Run::Outcome::Overlong:
        if (found_overlong(*begin, run.end, false))
          return done(std::min(decided, resumable ? text_.size() : *begin));
        break;
      case Run::Outcome::Match: {
        const PatternMatch match{active.pattern, *begin, run.end};
        if (accept && !accept(match, whole_text_)) break;
        matches.push_back(match);
        position = run.end;
        break;
      }
    }
  }
  return done(decided);
}

}  // namespace llmops::guard
