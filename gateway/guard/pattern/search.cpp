#include "gateway/guard/pattern/search.hpp"

#include <algorithm>

namespace llmops::guard {
namespace {

// Where the code point begins in which `position` is; `position` itself when it is in none. Told from the
// bytes before it, so that it is the same in every window.
std::size_t begin_of_code_point(std::string_view text, std::size_t position) {
  for (std::size_t back = 1; back <= 3 && back <= position; ++back) {
    const unsigned char byte = static_cast<unsigned char>(text[position - back]);
    if ((byte & 0xC0U) == 0x80U) continue;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return length > back ? position - back : position;
  }
  return position;
}

}  // namespace

Searcher::Searcher(const CompiledPatterns& patterns)
    : patterns_(patterns),
      hit_rules_(patterns.automaton),
      live_rules_(patterns.automaton),
      hits_(hit_rules_, kMostHitBytes),
      live_(live_rules_, kMostLiveBytes),
      round_of_(patterns.automaton.patterns()),
      active_number_(patterns.automaton.patterns()) {}

std::string_view Searcher::whole_code_points(std::string_view text) {
  return text.substr(0, begin_of_code_point(text, text.size()));
}

std::size_t Searcher::bytes() const {
  std::size_t total = hits_.bytes() + live_.bytes();
  for (const auto& [pattern, machines] : singles_) total += machines->bytes();
  return total;
}

Neighbour Searcher::before(std::size_t position) const {
  return position == 0 ? kTextEdge : neighbour_kind(byte_at(position - 1));
}

std::optional<Neighbour> Searcher::behind(std::size_t position) const {
  if (position < text_.size()) return neighbour_kind(byte_at(position));
  if (complete_) return kTextEdge;
  return std::nullopt;
}

bool Searcher::between_code_points(std::size_t position) const {
  return position == text_.size() || code_point_begin(position) == position;
}

std::size_t Searcher::code_point_begin(std::size_t position) const {
  if ((byte_at(position) & 0xC0U) != 0x80U) return position;
  return std::max(from_, begin_of_code_point(text_, position));
}

Searcher::Active& Searcher::activate(std::uint32_t pattern) {
  if (round_of_[pattern] == round_) return actives_[active_number_[pattern]];
  round_of_[pattern] = round_;
  active_number_[pattern] = static_cast<std::uint32_t>(active_count_);
  if (active_count_ == actives_.size()) actives_.emplace_back();
  Active& active = actives_[active_count_++];
  active.pattern = pattern;
  active.position = from_;
  active.at.clear();
  active.ends.clear();
  active.viable_at.clear();
  return active;
}

Searcher::Single& Searcher::single(std::uint32_t pattern) {
  if (singles_bytes_ > kMostSinglesBytes) {
    singles_.clear();
    singles_bytes_ = 0;
  }
  std::unique_ptr<Single>& machines = singles_[pattern];
  if (!machines) {
    machines = std::make_unique<Single>(patterns_.automaton, pattern);
    singles_bytes_ += machines->bytes();
  }
  return *machines;
}

std::size_t Searcher::find(const Window& window, const PatternSet::Accept& accept,
                           std::vector<PatternMatch>& matches, std::string* resume,
                           const PatternSet::OnItsWay& on_its_way) {
  whole_text_ = window.text;
  text_ = window.complete ? window.text : whole_code_points(window.text);
  from_ = std::min(window.from, text_.size());
  complete_ = window.complete;
  ++round_;
  active_count_ = 0;
  opens_.clear();
  read_resume(window.resume);
  look_for_hits();
  std::size_t decided = complete_ ? text_.size() : look_for_live_begins(on_its_way);
  const std::size_t first_match = matches.size();
  for (std::size_t i = 0; i < active_count_; ++i)
    decided = std::min(decided, search(actives_[i], accept, on_its_way, matches, resume != nullptr));
  std::sort(matches.begin() + static_cast<std::ptrdiff_t>(first_match), matches.end(),
            [](const PatternMatch& a, const PatternMatch& b) {
              return std::pair(a.begin, a.pattern) < std::pair(b.begin, b.pattern);
            });
  if (resume != nullptr) write_resume(decided, matches, first_match, *resume);
  return decided;
}

}  // namespace llmops::guard
