#include "gateway/guard/pattern/pattern_set.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <utility>

#include "crds/base/text.hpp"
#include "gateway/guard/pattern/search.hpp"
#include "gateway/guard/pattern/searcher_pool.hpp"

namespace llmops::guard {
namespace {

constexpr std::size_t kMostMatchBytes = 1U << 20;

Error refuse(std::string_view list, std::size_t index, const std::string& message) {
  return {ErrorCode::InvalidArgument, std::string(list) + "[" + std::to_string(index) + "]: " + message};
}

// What we accept must be what RE2 understands; its message when it is not.
std::string re2_complaint(const PatternSource& source) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_longest_match(true);
  options.set_case_sensitive(!source.ignore_case);
  options.set_max_mem(64 << 20);
  const RE2 expression(source.expression, options);
  return expression.ok() ? std::string() : expression.error();
}

CompiledPatterns finished(Automaton automaton, std::size_t max_match_bytes) {
  CompiledPatterns result;
  automaton.finish();
  result.max_match_bytes = std::clamp<std::size_t>(max_match_bytes, 1, kMostMatchBytes);
  result.begins_anywhere.assign(automaton.patterns(), true);
  for (const Automaton::State state : automaton.starts())
    if (automaton.start(state) != kAnyNeighbour) {
      result.begins_anywhere[automaton.pattern_of(state)] = false;
      result.all_begin_anywhere = false;
    }
  for (std::size_t pattern = 0; pattern < automaton.patterns(); ++pattern)
    if (automaton.longest_match(pattern) > result.max_match_bytes) result.some_may_be_overlong = true;
  // A search that leaves bytes out does not know what stands before the next one.
  std::array<bool, 256> first_bytes{};
  for (const Automaton::State state : automaton.starts())
    for (const Automaton::Edge& edge : automaton.edges(state))
      for (unsigned byte = edge.first; byte <= edge.last; ++byte) first_bytes[byte] = true;
  if (result.all_begin_anywhere) result.start_bytes = StartBytes(first_bytes);
  result.automaton = std::move(automaton);
  return result;
}

}  // namespace

struct PatternSet::Program {
  CompiledPatterns patterns;
  mutable SearcherPool searchers;
};

PatternSet::PatternSet(std::unique_ptr<Program> program) : program_(std::move(program)) {}
PatternSet::PatternSet(PatternSet&&) noexcept = default;
PatternSet& PatternSet::operator=(PatternSet&&) noexcept = default;
PatternSet::~PatternSet() = default;

Result<PatternSet> PatternSet::compile(std::vector<PatternSource> patterns, std::size_t max_match_bytes) {
  Automaton automaton;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    const std::string named = "expression \"" + clip(patterns[i].expression, 80) + "\": ";
    const Result<Expression> expression = parse_expression(patterns[i].expression, patterns[i].ignore_case);
    if (!expression) return refuse("patterns", i, named + expression.error().message);
    const Result<void> added = automaton.add(*expression);
    if (!added) return refuse("patterns", i, named + added.error().message);
    const std::string complaint = re2_complaint(patterns[i]);
    if (!complaint.empty()) return refuse("patterns", i, named + complaint);
  }
  auto program = std::make_unique<Program>();
  program->patterns = finished(std::move(automaton), max_match_bytes);
  return PatternSet(std::move(program));
}

Result<PatternSet> PatternSet::literals(const std::vector<std::string>& words, bool ignore_case,
                                        std::size_t max_match_bytes) {
  Automaton automaton;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].empty()) return refuse("words", i, "the word is empty; it must have at least one character");
    const Result<Expression> expression = literal_expression(words[i], ignore_case);
    if (!expression) return refuse("words", i, expression.error().message);
    const Result<void> added = automaton.add(*expression);
    if (!added) return refuse("words", i, added.error().message);
  }
  auto program = std::make_unique<Program>();
  program->patterns = finished(std::move(automaton), max_match_bytes);
  return PatternSet(std::move(program));
}

std::size_t PatternSet::size() const {
  return program_->patterns.automaton.patterns();
}

bool PatternSet::may_be_overlong(std::size_t pattern) const {
  return program_->patterns.may_be_overlong(pattern);
}

std::size_t PatternSet::find(const Window& window, const Accept& accept, std::vector<PatternMatch>& matches,
                             std::string* resume, const OnItsWay& on_its_way) const {
  // Most texts have nothing for a set of numbers.
  const StartBytes& start_bytes = program_->patterns.start_bytes;
  if (start_bytes.rare() && window.resume.empty() &&
      start_bytes.next(window.text, std::min(window.from, window.text.size())) == window.text.size()) {
    if (resume != nullptr) resume->clear();
    return window.complete ? window.text.size() : Searcher::whole_code_points(window.text).size();
  }
  const SearcherPool::Lease searcher(program_->searchers, program_->patterns);
  return searcher->find(window, accept, matches, resume, on_its_way);
}

}  // namespace llmops::guard
