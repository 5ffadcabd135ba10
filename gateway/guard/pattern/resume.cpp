// What a search leaves for the one that goes on: for each pattern of which a match reaches over the place
// where the next window begins, either how far it reaches, or the states of the automaton that the match is
// in.
//
// Words of 32 bits: pattern, number of states, the states; with the number 0, one word of bytes follows
// instead.
#include <algorithm>
#include <cstring>

#include "gateway/guard/pattern/search.hpp"

namespace llmops::guard {
namespace {

void append(std::string& resume, std::uint32_t word) {
  char bytes[sizeof word];
  std::memcpy(bytes, &word, sizeof word);
  resume.append(bytes, sizeof word);
}

std::uint32_t take(std::string_view& resume) {
  std::uint32_t word = 0;
  if (resume.size() < sizeof word) {
    resume = {};
    return 0;
  }
  std::memcpy(&word, resume.data(), sizeof word);
  resume.remove_prefix(sizeof word);
  return word;
}

}  // namespace

void Searcher::read_resume(std::string_view resume) {
  while (!resume.empty()) {
    const std::uint32_t pattern = take(resume);
    const std::uint32_t states = take(resume);
    if (pattern >= patterns_.automaton.patterns()) return;  // of another set
    Active& active = activate(pattern);
    if (states == 0) {
      active.position = from_ + take(resume);
      continue;
    }
    for (std::uint32_t i = 0; i < states && !resume.empty(); ++i) {
      const Automaton::State state = take(resume);
      if (state < patterns_.automaton.states() && patterns_.automaton.pattern_of(state) == pattern)
        active.at.push_back(state);
    }
  }
}

void Searcher::write_resume(std::size_t decided, const std::vector<PatternMatch>& matches,
                            std::size_t first_match, std::string& resume) {
  resume.clear();
  if (complete_) return;
  const auto reaches_to = [&](std::size_t pattern, std::size_t end) {
    append(resume, static_cast<std::uint32_t>(pattern));
    append(resume, 0);
    append(resume, static_cast<std::uint32_t>(end - decided));
  };
  const auto is_in = [&](std::size_t pattern, std::span<const Automaton::State> states) {
    append(resume, static_cast<std::uint32_t>(pattern));
    append(resume, static_cast<std::uint32_t>(states.size()));
    for (const Automaton::State state : states) append(resume, state);
  };
  for (std::size_t i = 0; i < active_count_; ++i) {
    const Active& active = actives_[i];
    if (active.position > decided) reaches_to(active.pattern, active.position);
    // Nothing is decided: the next window has to tell the same again.
    if (!active.at.empty() && decided == from_) is_in(active.pattern, active.at);
  }
  for (std::size_t i = first_match; i < matches.size(); ++i) {
    const PatternMatch& match = matches[i];
    if (!match.open && match.begin < decided && match.end > decided) reaches_to(match.pattern, match.end);
  }
  for (const Open& open : opens_) {
    if (open.begin >= decided) continue;
    Single& machines = single(open.pattern);
    SetRules::Set at = actives_[active_number_[open.pattern]].at;
    LazyDfa::State state = open.continued ? machines.ends.intern(at) : machines.start(before(open.begin));
    for (std::size_t x = open.begin; x < decided; ++x) state = machines.ends.step(state, byte_at(x));
    is_in(open.pattern, machines.ends.set(state));
  }
}

}  // namespace llmops::guard
