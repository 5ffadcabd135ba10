// One span rule at work on a growing text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/guard/rule.hpp"

namespace llmops::guard {

class SpanSearch {
 public:
  SpanSearch(std::size_t index, const SpanRule& rule, bool holds)
      : index_(index), rule_(&rule), holds_(holds) {}

  // `text`: normalised bytes from `begin` on, which is at or before keep_from(). Puts the spans that have
  // become known since the last call into `found`, in positions of the whole text.
  void search(std::string_view text, std::size_t begin, bool complete, std::vector<Span>& found);

  std::size_t index() const { return index_; }
  bool holds() const { return holds_; }
  // Every span that begins before is known, none that is not known reaches before it, and so is every part of
  // an open one.
  std::size_t decided() const { return from_; }
  // First byte that further searches look at.
  std::size_t keep_from() const;
  // A span that was told goes on from decided().
  bool open() const { return !resume_.empty(); }
  // Not asked any more: everything, as far as this rule goes, is decided.
  void give_up();
  bool gave_up() const { return gave_up_; }

 private:
  std::size_t index_;
  const SpanRule* rule_;
  bool holds_;
  bool gave_up_ = false;
  std::size_t from_ = 0;
  std::size_t seen_ = 0;
  std::optional<std::size_t> look_back_;
  Scan scan_;
  std::string resume_;
};

}  // namespace llmops::guard
