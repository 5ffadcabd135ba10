#include "gateway/guard/rules/characters.hpp"
#include "gateway/guard/rules/makers.hpp"

namespace llmops::guard {
namespace {

using namespace rules;  // the helpers of this room

class CanaryRule final : public SpanRule {
 public:
  explicit CanaryRule(std::string canary) : canary_(std::move(canary)) {}

  void scan(const Window& window, Scan& scan) const override {
    scan.decided = window.text.size();
    for (std::size_t at = window.from; at < window.text.size();) {
      const There there = stands_at(window.text, at, canary_);
      if (there == There::Cut && !window.complete) {
        scan.decided = at;
        return;
      }
      if (there == There::Yes) {
        scan.spans.push_back({at, at + canary_.size(), {}, 1});
        at += canary_.size();
      } else {
        at += character_at(window.text, at).bytes;
      }
    }
  }
  std::size_t context_bytes() const override { return 0; }

 private:
  std::string canary_;  // in lower case
};

}  // namespace

Result<std::unique_ptr<SpanRule>> make_canary_rule(std::string canary) {
  if (canary.empty())
    return Error{ErrorCode::InvalidArgument,
                 "canary: found an empty text, allowed a mark of at least one byte"};
  for (char& c : canary) c = ascii_lower(c);
  return std::unique_ptr<SpanRule>(std::make_unique<CanaryRule>(std::move(canary)));
}

}  // namespace llmops::guard
