#include "gateway/guard/pattern/automaton.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "gateway/guard/pattern/steps.hpp"

namespace llmops::guard {
namespace {

using Edge = Automaton::Edge;

Error refuse(const std::string& message) {
  return {ErrorCode::InvalidArgument, message};
}

// One pattern on its way into the automaton; states are numbered from 0.
struct Draft {
  std::vector<std::vector<Edge>> edges;
  std::vector<unsigned char> start, accepting;
};

// A byte range cut into pieces of one kind of neighbour each.
std::vector<std::pair<Edge, Neighbour>> by_kind(const Step::Bytes& bytes) {
  static constexpr std::pair<int, int> kPieces[] = {
      {0, '\n' - 1},      {'\n', '\n'}, {'\n' + 1, '0' - 1}, {'0', '9'}, {'9' + 1, 'A' - 1}, {'A', 'Z'},
      {'Z' + 1, '_' - 1}, {'_', '_'},   {'`', '`'},          {'a', 'z'}, {'z' + 1, 255}};
  std::vector<std::pair<Edge, Neighbour>> result;
  for (const auto& [first, last] : kPieces) {
    const int from = std::max<int>(first, bytes.first);
    const int to = std::min<int>(last, bytes.last);
    if (from > to) continue;
    result.push_back({{static_cast<unsigned char>(from), static_cast<unsigned char>(to), 0},
                      neighbour_kind(static_cast<unsigned char>(from))});
  }
  return result;
}

// Removes the steps that read nothing. What an assertion must know of the byte before becomes a part of the
// state; what it asks of the byte after is asked of the edges, and of the end of the match.
class Drafter {
 public:
  explicit Drafter(const Steps& steps) : steps_(steps) {}

  // Nullopt when it is too large.
  std::optional<Draft> draft() {
    if (steps_.has_assertions)
      for (const Neighbour before : {kTextEdge, kNewline, kWord, kOther})
        draft_.start[state_of(steps_.begin, before)] = before;
    else
      draft_.start[state_of(steps_.begin, kOther)] = kAnyNeighbour;
    std::size_t edges = 0;
    for (Automaton::State state = 0; state < origin_.size(); ++state) {
      expand(state);
      edges += draft_.edges[state].size();
      if (origin_.size() > Automaton::kMostStatesOfPattern || edges > Automaton::kMostEdgesOfPattern)
        return std::nullopt;
    }
    return std::move(draft_);
  }

 private:
  using Origin = std::pair<std::uint32_t, Neighbour>;  // a step, and what stands before it

  Automaton::State state_of(std::uint32_t step, Neighbour before) {
    const auto [place, fresh] =
        numbers_.try_emplace(Origin{step, before}, static_cast<Automaton::State>(origin_.size()));
    if (fresh) {
      origin_.push_back(place->first);
      draft_.edges.emplace_back();
      draft_.start.push_back(0);
      draft_.accepting.push_back(0);
    }
    return place->second;
  }

  void expand(Automaton::State state) {
    const Origin origin = origin_[state];
    std::vector<Edge> edges;
    std::set<std::pair<std::uint32_t, unsigned char>> seen;
    std::vector<std::pair<std::uint32_t, unsigned char>> open{{origin.first, kAnyNeighbour}};
    while (!open.empty()) {
      const auto [id, after] = open.back();
      open.pop_back();
      if (!seen.insert({id, after}).second) continue;
      const Step& step = steps_.steps[id];
      switch (step.kind) {
        case Step::Kind::Match:
          draft_.accepting[state] |= after;
          break;
        case Step::Kind::Ways:
          for (const std::uint32_t next : step.next) open.push_back({next, after});
          break;
        case Step::Kind::Assertion: {
          const auto both = static_cast<unsigned char>(after & allowed_after(step.assertion, origin.second));
          if (both != 0) open.push_back({step.next.front(), both});
          break;
        }
        case Step::Kind::Bytes:
          read(step, after, edges);
          break;
      }
    }
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    draft_.edges[state] = std::move(edges);
  }

  void read(const Step& step, unsigned char after, std::vector<Edge>& edges) {
    for (const Step::Bytes& bytes : step.bytes) {
      if (!steps_.has_assertions) {
        edges.push_back({bytes.first, bytes.last, state_of(bytes.next, kOther)});
        continue;
      }
      for (auto [edge, kind] : by_kind(bytes)) {
        if ((kind & after) == 0) continue;
        edge.to = state_of(bytes.next, kind);
        edges.push_back(edge);
      }
    }
  }

  const Steps& steps_;
  Draft draft_;
  std::map<Origin, Automaton::State> numbers_;
  std::vector<Origin> origin_;
};

// Keeps the states from which an accepting one can be reached.
Draft trimmed(const Draft& draft) {
  const std::size_t count = draft.edges.size();
  std::vector<std::vector<Automaton::State>> sources(count);
  for (Automaton::State from = 0; from < count; ++from)
    for (const Edge& edge : draft.edges[from]) sources[edge.to].push_back(from);
  std::vector<bool> useful(count);
  std::vector<Automaton::State> open;
  for (Automaton::State state = 0; state < count; ++state)
    if (draft.accepting[state] != 0) {
      useful[state] = true;
      open.push_back(state);
    }
  while (!open.empty()) {
    const Automaton::State state = open.back();
    open.pop_back();
    for (const Automaton::State from : sources[state])
      if (!useful[from]) {
        useful[from] = true;
        open.push_back(from);
      }
  }
  std::vector<Automaton::State> number(count);
  Draft result;
  for (Automaton::State state = 0; state < count; ++state) {
    if (!useful[state]) continue;
    number[state] = static_cast<Automaton::State>(result.start.size());
    result.start.push_back(draft.start[state]);
    result.accepting.push_back(draft.accepting[state]);
  }
  for (Automaton::State state = 0; state < count; ++state) {
    if (!useful[state]) continue;
    result.edges.emplace_back();
    for (Edge edge : draft.edges[state])
      if (useful[edge.to]) {
        edge.to = number[edge.to];
        result.edges.back().push_back(edge);
      }
  }
  return result;
}

// The longest way through the states, unbounded when there is a cycle. All states are reached from a start.
std::size_t longest_way(const Draft& draft) {
  std::vector<std::size_t> incoming(draft.edges.size());
  for (const auto& edges : draft.edges)
    for (const Edge& edge : edges) ++incoming[edge.to];
  std::vector<Automaton::State> open;
  for (Automaton::State state = 0; state < incoming.size(); ++state)
    if (incoming[state] == 0) open.push_back(state);
  std::vector<std::size_t> length(draft.edges.size());
  std::size_t longest = 0;
  std::size_t done = 0;
  while (!open.empty()) {
    const Automaton::State state = open.back();
    open.pop_back();
    ++done;
    longest = std::max(longest, length[state]);
    for (const Edge& edge : draft.edges[state]) {
      length[edge.to] = std::max(length[edge.to], length[state] + 1);
      if (--incoming[edge.to] == 0) open.push_back(edge.to);
    }
  }
  return done == draft.edges.size() ? longest : Automaton::kUnboundedLength;
}

}  // namespace

Result<void> Automaton::add(const Expression& expression) {
  const std::string too_large =
      "its automaton is too large; allowed are " + std::to_string(kMostStatesOfPattern) + " states and " +
      std::to_string(kMostEdgesOfPattern) + " transitions: lower the counts in braces or use smaller classes";
  const std::optional<Steps> steps = make_steps(expression, 2 * kMostStatesOfPattern);
  if (!steps) return refuse(too_large);
  const std::optional<Draft> whole = Drafter(*steps).draft();
  if (!whole) return refuse(too_large);
  const Draft draft = trimmed(*whole);
  if (draft.edges.empty()) return refuse("it matches no text at all");
  for (std::size_t state = 0; state < draft.start.size(); ++state)
    if (draft.start[state] != 0 && draft.accepting[state] != 0)
      return refuse("it matches the empty text; a match must have at least one character");
  const auto base = static_cast<State>(states());
  if (base + draft.edges.size() > kMostStates)
    return refuse("the automata of all expressions together are too large; allowed are " +
                  std::to_string(kMostStates) + " states");
  for (std::size_t state = 0; state < draft.edges.size(); ++state) {
    for (Edge edge : draft.edges[state]) {
      edge.to += base;
      edges_.push_back(edge);
    }
    edge_offset_.push_back(edges_.size());
    pattern_of_.push_back(static_cast<std::uint32_t>(patterns()));
    start_.push_back(draft.start[state]);
    final_.push_back(draft.accepting[state]);
    if (draft.start[state] != 0) starts_.push_back(base + static_cast<State>(state));
  }
  longest_.push_back(longest_way(draft));
  first_state_.push_back(static_cast<State>(states()));
  return {};
}

void Automaton::finish() {
  backward_offset_.assign(states() + 1, 0);
  for (const Edge& edge : edges_) ++backward_offset_[edge.to + 1];
  std::partial_sum(backward_offset_.begin(), backward_offset_.end(), backward_offset_.begin());
  std::vector<std::size_t> next(backward_offset_.begin(), backward_offset_.end() - 1);
  backward_edges_.resize(edges_.size());
  for (State from = 0; from < states(); ++from)
    for (const Edge& edge : edges(from)) backward_edges_[next[edge.to]++] = {edge.first, edge.last, from};
}

}  // namespace llmops::guard
