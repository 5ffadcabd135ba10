#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "gateway/guard/pattern/pattern_set.hpp"
#include "gateway/guard/pattern/wider_window.hpp"
#include "gateway/guard/recognisers/context_words.hpp"
#include "gateway/guard/recognisers/overlaps.hpp"
#include "gateway/guard/recognisers/recogniser.hpp"
#include "gateway/guard/recognisers/recognisers.hpp"

namespace llmops::guard {
namespace {

constexpr double kMinConfidence = 0.5;
// A name, words before it, and what neighbours look at.
constexpr std::size_t kLookBack = kLongestKey + kContextBytes + 8;

// Of equally confident readings the more specific stands: groups of an IBAN can be a card by chance, and
// almost any group of digits an account.
std::size_t rank_of(api::PiiEntity entity) {
  if (entity == api::PiiEntity::Iban) return 0;
  if (entity == api::PiiEntity::BankAccount) return 1000;
  return 1 + static_cast<std::size_t>(entity);
}

struct CompiledFamily {
  std::vector<Shape> shapes;
  PatternSet patterns;
  bool named = false;  // some values begin behind their match's begin
};

void keep_wanted(Family& family, const std::vector<api::PiiEntity>& wanted) {
  if (wanted.empty()) return;
  for (Shape& shape : family.shapes)
    std::erase_if(shape.readings, [&](const Reading& reading) {
      return std::find(wanted.begin(), wanted.end(), reading.entity) == wanted.end();
    });
  std::erase_if(family.shapes, [](const Shape& shape) { return shape.readings.empty(); });
}

Result<std::vector<CompiledFamily>> compile(const std::vector<api::PiiEntity>& wanted,
                                            std::size_t max_match_bytes) {
  std::vector<CompiledFamily> all;
  for (const auto make : {number_family, spaced_family, letters_family, address_family, named_family}) {
    Family family = make();
    keep_wanted(family, wanted);
    if (family.shapes.empty()) continue;
    std::vector<PatternSource> sources;
    bool named = false;
    for (const Shape& shape : family.shapes) {
      const std::string_view tail = shape.edges == Edges::Number ? kLongerNumber : std::string_view();
      sources.push_back({"(?:" + shape.expression + ")" + std::string(tail), shape.ignore_case});
      named = named || shape.value_begin != nullptr;
    }
    auto patterns = PatternSet::compile(std::move(sources), max_match_bytes);
    if (!patterns.ok()) return patterns.error();
    all.push_back({std::move(family.shapes), std::move(*patterns), named});
  }
  return all;
}

class PiiRule final : public SpanRule {
 public:
  PiiRule(std::vector<CompiledFamily> families, ContextWords words, double min_confidence)
      : families_(std::move(families)), words_(std::move(words)), min_confidence_(min_confidence) {}

  void scan(const Window& window, Scan& scan) const override {
    Candidates candidates{.all = {}, .from = window.from, .before = {}, .words = {}, .leads = {}};
    std::size_t known = window.text.size();
    for (const CompiledFamily& family : families_) {
      std::vector<PatternMatch> overlong;
      // Refusing all makes the search tell every begin, see overlaps.hpp.
      const auto note = [&](const PatternMatch& match, std::string_view text) {
        add(family.shapes[match.pattern], match, text, candidates);
        return false;
      };
      const auto on_its_way = [&](const PatternMatch& match, std::string_view text) {
        if (family.named) candidates.leads.on_its_way(match.begin);
        return earliest_value(family, match, text, candidates);
      };
      const std::size_t known_here =
          family.patterns.find(family.named ? wider(window, kLongestKey) : window, std::cref(note), overlong,
                               nullptr, std::cref(on_its_way));
      if (family.named) candidates.leads.on_its_way(known_here);
      known = std::min(known, known_here);
      for (const PatternMatch& match : overlong)
        add_overlong(family.shapes[match.pattern], match, window.text, candidates);
    }
    const std::size_t settled = settle(std::move(candidates.all), std::max(known, window.from), scan.spans);
    scan.decided = std::max(window.from, settled);
    scan.look_back = candidates.leads.look_back(scan.decided);
  }

  std::size_t context_bytes() const override { return kLookBack; }

 private:
  struct Candidates {
    std::vector<Candidate> all;
    std::size_t from = 0;
    // Several shapes match at the same byte: the words before it are read once.
    std::optional<std::size_t> before;
    WordsBefore words;
    LeadsBefore leads;
  };

  void add(const Shape& shape, const PatternMatch& match, std::string_view text,
           Candidates& candidates) const {
    const std::optional<std::size_t> its_begin = value_begin(shape, match.begin, text.substr(0, match.end));
    if (!its_begin) return;
    const std::size_t begin = *its_begin;
    candidates.leads.found(match.begin, begin);
    if (begin < candidates.from || !stands_alone(shape.edges, text, begin, match.end)) return;
    const Value value = value_of(text.substr(begin, match.end - begin));
    for (const Reading& reading : shape.readings) {
      const double alone = reading.weigh(value);
      // Words can raise it by no more than that.
      if (alone <= kRefused || alone + kSupport < min_confidence_) continue;
      const double confidence =
          in_context(alone, words_before(text, begin, candidates).about(reading.subject));
      if (confidence >= min_confidence_)
        candidates.all.push_back(
            {begin, match.end, api::to_string(reading.entity), confidence, rank_of(reading.entity)});
    }
  }

  static void add_overlong(const Shape& shape, const PatternMatch& match, std::string_view text,
                           Candidates& candidates) {
    const std::optional<std::size_t> begin = value_begin(shape, match.begin, text.substr(0, match.end));
    if (!begin || *begin < candidates.from) return;
    candidates.leads.found(match.begin, *begin);
    const api::PiiEntity entity = shape.readings.front().entity;
    candidates.all.push_back({*begin, match.end, api::to_string(entity), 1, rank_of(entity)});
  }

  // Nothing when it is not there (yet).
  static std::optional<std::size_t> value_begin(const Shape& shape, std::size_t match_begin,
                                                std::string_view text) {
    if (shape.value_begin == nullptr) return match_begin;
    const std::size_t offset = shape.value_begin(text.substr(match_begin));
    if (offset >= text.size() - match_begin) return std::nullopt;
    return match_begin + offset;
  }

  const WordsBefore& words_before(std::string_view text, std::size_t begin, Candidates& candidates) const {
    if (candidates.before != begin) {
      candidates.before = begin;
      candidates.words = words_.before(text, begin);
    }
    return candidates.words;
  }

  // Where the value of a match on its way begins, if something can come of it: else behind the text.
  std::size_t earliest_value(const CompiledFamily& family, const PatternMatch& match, std::string_view text,
                             Candidates& candidates) const {
    const Shape& shape = family.shapes[match.pattern];
    const std::optional<std::size_t> begin = value_begin(shape, match.begin, text);
    if (!begin || *begin < candidates.from) return text.size();
    // What is too long is found without being weighed.
    if (family.patterns.may_be_overlong(match.pattern)) return *begin;
    if (!may_begin(shape.edges, text, *begin)) return text.size();
    if (shape.at_most == nullptr) return *begin;
    const double alone = shape.at_most(value_of(text.substr(*begin)));
    if (alone >= min_confidence_) return *begin;
    if (alone <= kRefused || alone + kSupport < min_confidence_) return text.size();
    const WordsBefore& words = words_before(text, *begin, candidates);
    const bool supported = std::any_of(
        shape.readings.begin(), shape.readings.end(),
        [&](const Reading& reading) { return words.about(reading.subject) == Context::Supports; });
    return supported ? *begin : text.size();
  }

  static double in_context(double alone, Context context) {
    switch (context) {
      case Context::Supports:
        return std::min(0.99, alone + kSupport);
      case Context::Contradicts:
        return alone - kContradiction;
      case Context::None:
        break;
    }
    return alone;
  }

  std::vector<CompiledFamily> families_;
  ContextWords words_;
  double min_confidence_;
};

}  // namespace

Result<std::unique_ptr<SpanRule>> make_pii_rule(const api::PiiSettings& settings,
                                                const RuleContext& context) {
  auto families = compile(settings.entities, context.max_match_bytes);
  if (!families.ok()) return families.error();
  auto words = ContextWords::compile();
  if (!words.ok()) return words.error();
  return std::unique_ptr<SpanRule>(std::make_unique<PiiRule>(
      std::move(*families), std::move(*words), settings.min_confidence.value_or(kMinConfidence)));
}

}  // namespace llmops::guard
