#include "harness.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "gateway/guard/text/normalised_text.hpp"

namespace llmops::guard {
namespace {

bool at_code_point(std::string_view text, std::size_t at) {
  return at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
}

std::unique_ptr<SpanRule> taken(Result<std::unique_ptr<SpanRule>> rule) {
  if (!rule.ok()) ADD_FAILURE() << rule.error().message;
  return rule.ok() ? std::move(*rule) : nullptr;
}

void add(const Span& span, std::size_t offset, std::vector<Found>& all) {
  if (span.continued && !all.empty()) {
    all.back().end = span.end + offset;
    return;
  }
  all.push_back({std::string(span.entity), span.begin + offset, span.end + offset, span.confidence});
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Found& found) {
  return out << found.type << "[" << found.begin << "," << found.end << ") " << found.confidence;
}

std::unique_ptr<SpanRule> pii_rule(std::vector<api::PiiEntity> entities, double min_confidence) {
  api::PiiSettings settings;
  settings.entities = std::move(entities);
  settings.min_confidence = min_confidence;
  return taken(make_pii_rule(settings, {}));
}

std::unique_ptr<SpanRule> secrets_rule() {
  return taken(make_secrets_rule({}, {}));
}

std::vector<Found> scan_whole(const SpanRule& rule, std::string_view text) {
  Scan scan;
  rule.scan({.text = text, .from = 0, .complete = true, .resume = {}}, scan);
  EXPECT_EQ(scan.decided, text.size());
  std::vector<Found> all;
  for (const Span& span : scan.spans) add(span, 0, all);
  return all;
}

std::vector<Found> find(const SpanRule& rule, std::string_view given) {
  NormalisedText text;
  text.feed(given);
  text.finish();
  std::vector<Found> all = scan_whole(rule, text.text());
  for (Found& found : all) {
    found.begin = text.original_begin(text.given_begin(found.begin));
    found.end = text.original_end(text.given_end(found.end));
  }
  return all;
}

std::string told(const SpanRule& rule, std::string_view given) {
  std::string all;
  for (const Found& found : find(rule, given))
    all += (all.empty() ? "" : " ") + found.type + ":" +
           std::string(given.substr(found.begin, found.end - found.begin));
  return all;
}

std::vector<Found> scan_pieces(const SpanRule& rule, std::string_view text, std::size_t step, bool keep_all) {
  std::vector<Found> all;
  std::size_t from = 0;
  std::string resume;
  std::optional<std::size_t> look_back;
  for (std::size_t end = 0; end < text.size();) {
    end = std::min(text.size(), end + step);
    while (!at_code_point(text, end)) ++end;
    std::size_t dropped = keep_all || from < rule.context_bytes() ? 0 : from - rule.context_bytes();
    while (!at_code_point(text, dropped)) --dropped;
    Scan scan;
    rule.scan({.text = text.substr(dropped, end - dropped),
               .from = from - dropped,
               .complete = end == text.size(),
               .resume = resume,
               .look_back = keep_all ? std::nullopt : look_back},
              scan);
    const std::size_t decided = scan.decided + dropped;
    EXPECT_GE(decided, from);
    std::size_t behind = decided;
    for (const Span& span : scan.spans) {
      EXPECT_TRUE(span.begin < scan.decided || span.continued) << "a span that is not decided";
      add(span, dropped, all);
      behind = std::max(behind, span.end + dropped);
    }
    resume = scan.resume;
    from = resume.empty() ? behind : decided;
    look_back = from == decided ? scan.look_back : std::nullopt;
  }
  return all;
}

}  // namespace llmops::guard
