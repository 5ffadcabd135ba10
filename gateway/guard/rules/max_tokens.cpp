#include "gateway/guard/rules/characters.hpp"
#include "gateway/guard/rules/makers.hpp"

namespace llmops::guard {
namespace {

using namespace rules;  // the helpers of this room

class MaxTokensSession final : public TextRule::Session {
 public:
  explicit MaxTokensSession(std::int64_t most) : most_(most) {}

  TextRule::Verdict feed(std::string_view piece, bool complete) override {
    characters_.feed(piece, complete, [this](Character character) { count(character); });
    return syllables_ + (other_bytes_ + 3) / 4 > most_ ? TextRule::Verdict::Violated
                                                       : TextRule::Verdict::Fine;
  }

  // No character counts for more than its bytes.
  Told feed_characters(std::string_view text) override {
    const std::int64_t counted = syllables_ + (other_bytes_ + 3) / 4;
    if (counted + static_cast<std::int64_t>(text.size()) > most_) return Session::feed_characters(text);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t begin = at;
      while (at < text.size() && is_ascii(text[at])) ++at;
      other_bytes_ += static_cast<std::int64_t>(at - begin);
      if (at == text.size()) break;
      const Character character = character_at(text, at);
      count(character);
      at += character.bytes;
    }
    return {text.size(), text.size(), TextRule::Verdict::Fine};
  }

 private:
  void count(Character character) {
    switch (script_of(character.code)) {
      case Script::Hangul:
      case Script::Han:
      case Script::Kana:
        ++syllables_;
        break;
      default:
        other_bytes_ += static_cast<std::int64_t>(character.bytes);
    }
  }

  std::int64_t most_;
  std::int64_t syllables_ = 0;
  std::int64_t other_bytes_ = 0;
  CharacterFeed characters_;
};

class MaxTokensRule final : public TextRule {
 public:
  explicit MaxTokensRule(std::int64_t most) : most_(most) {}
  std::unique_ptr<Session> begin() const override { return std::make_unique<MaxTokensSession>(most_); }

 private:
  std::int64_t most_;
};

}  // namespace

Result<std::unique_ptr<TextRule>> make_max_tokens_rule(const api::MaxTokensSettings& settings,
                                                       const RuleContext&) {
  return std::unique_ptr<TextRule>(std::make_unique<MaxTokensRule>(settings.max));
}

}  // namespace llmops::guard
