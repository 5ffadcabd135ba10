#include "gateway/guard/pattern/steps.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace llmops::guard {
namespace {

using Id = std::uint32_t;
using Range = CodePointSet::Range;

class Builder {
 public:
  explicit Builder(std::size_t most_steps) : most_steps_(most_steps) {}

  std::optional<Steps> build(const Expression& expression) {
    const Id match = add({});
    result_.begin = compile(expression, match);
    if (result_.steps.size() > most_steps_) return std::nullopt;
    return std::move(result_);
  }

 private:
  bool full() const { return result_.steps.size() > most_steps_; }

  Id add(Step step) {
    result_.steps.push_back(std::move(step));
    return static_cast<Id>(result_.steps.size() - 1);
  }

  Id add_ways(std::vector<Id> next) {
    Step step;
    step.kind = Step::Kind::Ways;
    step.next = std::move(next);
    return add(std::move(step));
  }

  // The step with which `expression` begins, when `next` follows it.
  Id compile(const Expression& expression, Id next) {
    if (full()) return next;
    switch (expression.kind) {
      case Expression::Kind::Empty:
        return next;
      case Expression::Kind::Set:
        return compile_set(expression.set, next);
      case Expression::Kind::Sequence:
        for (auto part = expression.parts.rbegin(); part != expression.parts.rend(); ++part)
          next = compile(*part, next);
        return next;
      case Expression::Kind::Choice: {
        std::vector<Id> ways;
        for (const Expression& part : expression.parts) ways.push_back(compile(part, next));
        return add_ways(std::move(ways));
      }
      case Expression::Kind::Repeat:
        return compile_repeat(expression, next);
      case Expression::Kind::Assertion: {
        Step step;
        step.kind = Step::Kind::Assertion;
        step.assertion = expression.assertion;
        step.next = {next};
        result_.has_assertions = true;
        return add(std::move(step));
      }
    }
    return next;
  }

  Id compile_repeat(const Expression& expression, Id next) {
    const Expression& part = expression.parts.front();
    Id begin = next;
    int needed = expression.least;
    if (expression.most == Expression::kUnbounded) {
      const Id loop = add_ways({});
      const Id body = compile(part, loop);
      result_.steps[loop].next = {body, next};
      begin = needed == 0 ? loop : body;
      needed = std::max(0, needed - 1);
    } else {
      // x{0,3} as (x(x(x)?)?)?: each step has one way out, not three.
      for (int i = expression.least; i < expression.most && !full(); ++i) {
        const Id body = compile(part, begin);
        if (body == begin) break;  // the part is empty
        begin = add_ways({body, next});
      }
    }
    for (int i = 0; i < needed && !full(); ++i) {
      const Id body = compile(part, begin);
      if (body == begin) break;
      begin = body;
    }
    return begin;
  }

  Id compile_set(const CodePointSet& set, Id next) {
    // Code points of n bytes: their first, their last, the mark in the first byte.
    struct Length {
      std::uint32_t first, last;
      int continuations;
      unsigned char mark;
    };
    static constexpr std::array<Length, 4> kLengths = {Length{0, 0x7F, 0, 0}, Length{0x80, 0x7FF, 1, 0xC0},
                                                       Length{0x800, 0xFFFF, 2, 0xE0},
                                                       Length{0x10000, CodePointSet::kLast, 3, 0xF0}};
    made_.clear();
    Step step;
    step.kind = Step::Kind::Bytes;
    for (const Length& length : kLengths) {
      std::vector<Range> ranges;
      for (const Range& range : set.ranges())
        if (range.first <= length.last && range.last >= length.first)
          ranges.push_back({std::max(range.first, length.first), std::min(range.last, length.last)});
      add_bytes(step, ranges, length.continuations, length.mark, next);
    }
    return add(std::move(step));
  }

  // Splits `ranges` by their highest six bits (seven in ASCII), and lets `step` read those as a byte.
  void add_bytes(Step& step, std::vector<Range> ranges, int continuations, unsigned mark, Id next) {
    const int shift = 6 * continuations;
    for (std::size_t i = 0; i < ranges.size();) {
      const std::uint32_t byte = ranges[i].first >> shift;
      const std::uint32_t low = byte << shift;
      const std::uint32_t high = low + ((1U << shift) - 1);
      if (ranges[i].first == low && ranges[i].last > high) {  // over whole bytes, perhaps many
        const std::uint32_t end = (ranges[i].last + 1) >> shift;
        read(step, mark + byte, mark + end - 1, continuation({{0, high - low}}, continuations, next));
        ranges[i].first = end << shift;
        if (ranges[i].first > ranges[i].last) ++i;
        continue;
      }
      std::vector<Range> inside;
      while (i < ranges.size() && ranges[i].first <= high) {
        inside.push_back({ranges[i].first - low, std::min(ranges[i].last, high) - low});
        if (ranges[i].last > high) {
          ranges[i].first = high + 1;
          break;
        }
        ++i;
      }
      read(step, mark + byte, mark + byte, continuation(inside, continuations, next));
    }
  }

  static void read(Step& step, unsigned first, unsigned last, Id next) {
    if (!step.bytes.empty() && step.bytes.back().last + 1U == first && step.bytes.back().next == next)
      step.bytes.back().last = static_cast<unsigned char>(last);
    else
      step.bytes.push_back({static_cast<unsigned char>(first), static_cast<unsigned char>(last), next});
  }

  // The step that reads the continuation bytes of `ranges`; equal ones are made once.
  Id continuation(const std::vector<Range>& ranges, int continuations, Id next) {
    if (continuations == 0) return next;
    std::vector<std::uint32_t> key{static_cast<std::uint32_t>(continuations)};
    for (const Range& range : ranges) key.insert(key.end(), {range.first, range.last});
    const auto found = made_.find(key);
    if (found != made_.end()) return found->second;
    Step step;
    step.kind = Step::Kind::Bytes;
    add_bytes(step, ranges, continuations - 1, 0x80, next);
    const Id id = add(std::move(step));
    made_.emplace(std::move(key), id);
    return id;
  }

  std::size_t most_steps_;
  Steps result_;
  std::map<std::vector<std::uint32_t>, Id> made_;
};

}  // namespace

std::optional<Steps> make_steps(const Expression& expression, std::size_t most_steps) {
  return Builder(most_steps).build(expression);
}

}  // namespace llmops::guard
