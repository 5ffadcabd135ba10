// Rules on texts as they are given: normalised as in the gateway, findings in bytes of the given text.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/guard/recognisers/recognisers.hpp"

namespace llmops::guard {

struct Found {
  std::string type;
  std::size_t begin = 0;
  std::size_t end = 0;
  double confidence = 0;
  bool operator==(const Found&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Found& found);

std::unique_ptr<SpanRule> pii_rule(std::vector<api::PiiEntity> entities = {}, double min_confidence = 0.5);
std::unique_ptr<SpanRule> secrets_rule();

std::vector<Found> find(const SpanRule& rule, std::string_view given);
// "rrn:960101-1234561 phone:010-…", in order; easy to compare.
std::string told(const SpanRule& rule, std::string_view given);

// The normalised text scanned whole, without a map back.
std::vector<Found> scan_whole(const SpanRule& rule, std::string_view text);
// The same, when the text comes in pieces of `step` bytes (rounded up to code points). `keep_all`: text that
// no rule may look at any more stays before the window, and the rule is not told how far it has to look back;
// else it is dropped, and the rule is told what it has asked for, as a stream does.
std::vector<Found> scan_pieces(const SpanRule& rule, std::string_view text, std::size_t step, bool keep_all);

}  // namespace llmops::guard
