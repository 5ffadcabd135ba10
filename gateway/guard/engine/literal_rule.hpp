// Finds given texts as they are: pseudonyms of a session. The leftmost, of those the longest.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "gateway/guard/rule.hpp"

namespace llmops::guard {

class LiteralRule final : public SpanRule {
 public:
  // Normalised texts, none of them empty.
  explicit LiteralRule(std::vector<std::string> literals);
  void scan(const Window& window, Scan& scan) const override;
  std::size_t context_bytes() const override { return 0; }

 private:
  std::vector<std::string> literals_;  // the longer first
  std::array<bool, 256> first_{};      // bytes with which one begins
};

}  // namespace llmops::guard
