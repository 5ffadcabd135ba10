#include <algorithm>
#include <functional>
#include <utility>

#include "gateway/guard/pattern/pattern_set.hpp"
#include "gateway/guard/pattern/wider_window.hpp"
#include "gateway/guard/recognisers/neighbours.hpp"
#include "gateway/guard/recognisers/overlaps.hpp"
#include "gateway/guard/recognisers/recognisers.hpp"
#include "gateway/guard/recognisers/secret_patterns.hpp"

namespace llmops::guard {
namespace {

constexpr double kMinEntropyBits = 3.5;
constexpr std::string_view kEntity = "secret";
// Longest distance from the begin of a match to the begin of its value, in bytes: a user of 40 code points in
// a URL.
constexpr std::size_t kLongestLead = 168;
constexpr std::size_t kLookBack = kLongestLead + 8;

bool begins_alone(std::string_view text, std::size_t begin) {
  if (begin == 0) return true;
  const char before = text[begin - 1];
  return !is_ascii_alnum(before) && before != '_';
}

Span span_of(const PatternMatch& match) {
  Span span;
  span.begin = match.begin;
  span.end = match.end;
  span.entity = kEntity;
  span.open = match.open;
  span.continued = match.continued;
  return span;
}

// Two searches. Some secrets have no longest form: their matches always stand, and may be told while they go
// on. Values behind their names are bounded: of those that overlap nothing issued, overlaps.hpp chooses.
class SecretsRule final : public SpanRule {
 public:
  SecretsRule(std::vector<BoundedSecret> tokens, PatternSet bounded, PatternSet unbounded,
              double min_entropy_bits)
      : tokens_(std::move(tokens)),
        bounded_(std::move(bounded)),
        unbounded_(std::move(unbounded)),
        min_entropy_bits_(min_entropy_bits) {}

  void scan(const Window& window, Scan& scan) const override {
    std::vector<Candidate> candidates;
    LeadsBefore leads;
    const std::size_t known_tokens = find_tokens(window, candidates, leads);
    std::vector<PatternMatch> blocks;
    std::string resume;
    std::size_t known_blocks = unbounded_.find(window, is_block, blocks, &resume);
    const bool open = !blocks.empty() && blocks.back().open;
    if (!resume.empty() && (!open || known_tokens < blocks.back().begin)) {
      // A token before the open block is undecided (of today's tokens none that could stand), and only the
      // search itself may go on at its own place.
      blocks.clear();
      resume.clear();
      known_blocks = unbounded_.find(window, is_block, blocks);
    }
    // Behind the begin of an open block nothing else can stand.
    const std::size_t known = open && !resume.empty() ? known_blocks : std::min(known_tokens, known_blocks);
    std::erase_if(candidates, [&](const Candidate& token) {
      return std::any_of(blocks.begin(), blocks.end(), [&](const PatternMatch& block) {
        return token.begin < block.end && block.begin < token.end;
      });
    });
    const std::size_t settled = settle(std::move(candidates), known, scan.spans);
    for (const PatternMatch& block : blocks)
      if (block.begin < settled || block.continued) scan.spans.push_back(span_of(block));
    std::sort(scan.spans.begin(), scan.spans.end(),
              [](const Span& a, const Span& b) { return a.begin < b.begin; });
    scan.decided = std::max(window.from, settled);
    scan.look_back = leads.look_back(scan.decided);
    scan.resume = std::move(resume);
  }

  std::size_t context_bytes() const override { return kLookBack; }

 private:
  static bool is_block(const PatternMatch& match, std::string_view text) {
    const std::string_view found = text.substr(match.begin, match.end - match.begin);
    if (found.starts_with("eyJ") && !has_token_header(found)) return false;
    return found[0] == '-' || begins_alone(text, match.begin);
  }

  // The key of an assignment may stand before window.from.
  std::size_t find_tokens(const Window& window, std::vector<Candidate>& candidates,
                          LeadsBefore& leads) const {
    std::vector<PatternMatch> overlong;
    const auto note = [&](const PatternMatch& match, std::string_view text) {
      const BoundedSecret& token = tokens_[match.pattern];
      const std::string_view found = text.substr(match.begin, match.end - match.begin);
      if (token.secret_begin == nullptr && !begins_alone(text, match.begin)) return false;
      const std::size_t offset =
          token.secret_begin == nullptr ? 0 : token.secret_begin(found, min_entropy_bits_);
      if (offset < found.size()) leads.found(match.begin, match.begin + offset);
      if (offset < found.size() && match.begin + offset >= window.from)
        candidates.push_back({match.begin + offset, match.end, kEntity, 1, match.pattern});
      return false;
    };
    const auto on_its_way = [&](const PatternMatch& match, std::string_view text) {
      leads.on_its_way(match.begin);
      const std::size_t begin = earliest_begin(match, text);
      return begin < window.from ? text.size() : begin;
    };
    const std::size_t known =
        bounded_.find(wider(window, kLongestLead), std::cref(note), overlong, nullptr, std::cref(on_its_way));
    leads.on_its_way(known);
    for (const PatternMatch& match : overlong) {
      const std::size_t begin = earliest_begin(match, window.text.substr(0, match.end));
      if (begin < window.from || begin >= match.end) continue;
      leads.found(match.begin, begin);
      candidates.push_back({begin, match.end, kEntity, 1, match.pattern});
    }
    return std::max(window.from, known);
  }

  // The text's size when nothing of the secret is in it.
  std::size_t earliest_begin(const PatternMatch& match, std::string_view text) const {
    const BoundedSecret& token = tokens_[match.pattern];
    if (token.earliest_begin == nullptr) {
      // What is too long is found whatever stands before it.
      const bool may_stand = bounded_.may_be_overlong(match.pattern) || begins_alone(text, match.begin);
      return may_stand ? match.begin : text.size();
    }
    const std::size_t offset = token.earliest_begin(text.substr(match.begin));
    return offset == std::string_view::npos ? text.size() : match.begin + offset;
  }

  std::vector<BoundedSecret> tokens_;
  PatternSet bounded_, unbounded_;
  double min_entropy_bits_;
};

}  // namespace

Result<std::unique_ptr<SpanRule>> make_secrets_rule(const api::SecretsSettings& settings,
                                                    const RuleContext& context) {
  std::vector<BoundedSecret> tokens = bounded_secrets();
  std::vector<PatternSource> sources;
  for (const BoundedSecret& token : tokens) sources.push_back({token.expression, token.ignore_case});
  auto bounded = PatternSet::compile(std::move(sources), context.max_match_bytes);
  if (!bounded.ok()) return bounded.error();
  auto unbounded = PatternSet::compile({{unbounded_secrets(), false}}, context.max_match_bytes);
  if (!unbounded.ok()) return unbounded.error();
  return std::unique_ptr<SpanRule>(
      std::make_unique<SecretsRule>(std::move(tokens), std::move(*bounded), std::move(*unbounded),
                                    settings.min_entropy_bits.value_or(kMinEntropyBits)));
}

}  // namespace llmops::guard
