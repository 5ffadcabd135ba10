#include <algorithm>
#include <array>

#include "gateway/guard/rules/characters.hpp"
#include "gateway/guard/rules/makers.hpp"

namespace llmops::guard {
namespace {

using namespace rules;  // the helpers of this room

constexpr double kDefaultShare = 0.7;
constexpr std::int64_t kEnough = 24;     // letters before which nothing is violated
constexpr std::int64_t kPatience = 160;  // letters without a fine moment that violate
constexpr std::size_t kLongestWord = 64;
// Characters without a decision (code, digits, addresses): what waits must be bounded.
constexpr std::int64_t kLongestStart = 512;
constexpr std::int64_t kLongestWait = 2048;

using Allowed = std::array<bool, static_cast<std::size_t>(Script::Other) + 1>;

// What has to be known of a word of ASCII.
struct Word {
  std::size_t size = 0;
  std::int64_t letters = 0;
  std::size_t www = 0;            // how many of its first characters are those of "www."
  std::array<char, 3> last = {};  // characters

  void add(char c) {
    if (www == size && www < 4 && c == (www < 3 ? 'w' : '.')) ++www;
    ++size;
    letters += is_ascii_letter(c) ? 1 : 0;
    last = {last[1], last[2], c};
  }
  void add_letters(std::string_view more) {
    if (size + more.size() <= 3) {
      for (const char c : more) add(c);
      return;
    }
    if (more.empty()) return;
    size += more.size();
    letters += static_cast<std::int64_t>(more.size());
    last = {};
  }
  // An address begins with what has been read: name@, scheme://, www.
  bool is_address() const {
    return last[2] == '@' || last == std::array<char, 3>{':', '/', '/'} || (size == 4 && www == 4);
  }
};

class LanguageSession final : public TextRule::Session {
 public:
  LanguageSession(const Allowed& allowed, double share) : allowed_(allowed), share_(share) {}

  TextRule::Verdict feed(std::string_view piece, bool complete) override {
    characters_.feed(piece, complete, [this](Character character) { take(character); });
    if (complete && verdict_ != TextRule::Verdict::Violated) {
      end_ticks();
      end_word();
      if (letters_ < kEnough)
        verdict_ = TextRule::Verdict::Fine;
      else
        verdict_ = suffices() ? TextRule::Verdict::Fine : TextRule::Verdict::Violated;
    }
    return verdict_;
  }

  Told feed_characters(std::string_view text) override {
    Told told;
    while (told.taken < text.size() && verdict_ != TextRule::Verdict::Violated) {
      if (const std::size_t letters = take_letters(text.substr(told.taken)); letters > 0) {
        told.taken += letters;
        told.fine = told.taken;
        continue;
      }
      const Character character = character_at(text, told.taken);
      take(character);
      told.taken += character.bytes;
      if (verdict_ == TextRule::Verdict::Fine) told.fine = told.taken;
    }
    told.verdict = verdict_;
    return told;
  }

 private:
  // Letters of ASCII at the front, taken at once while nothing but the word grows by them; often most of the
  // text.
  std::size_t take_letters(std::string_view text) {
    if (verdict_ != TextRule::Verdict::Fine || letters_ == 0 || ticks_ > 0) return 0;
    const bool counts = !fence_ && !inline_code_ && !address_;
    const std::size_t most = counts ? kLongestWord - word_.size : text.size();
    std::size_t size = 0;
    while (size < text.size() && size < most && is_ascii_letter(text[size])) ++size;
    if (counts) word_.add_letters(text.substr(0, size));
    return size;
  }

  void take(Character character) {
    read(character.code);
    // Before the first letter there is nothing to object to, but to the word that is being written.
    if (letters_ == 0 && verdict_ != TextRule::Verdict::Violated)
      verdict_ = allowed_[static_cast<std::size_t>(Script::Latin)] || word_.letters == 0
                     ? TextRule::Verdict::Fine
                     : TextRule::Verdict::Undecided;
  }

  // Words of ASCII wait until they end, for a link or an address shows late what it is; a letter of another
  // script ends such a word, so that languages without spaces are counted at once.
  void read(std::int32_t code) {
    if (verdict_ == TextRule::Verdict::Violated) return;
    wait();
    if (code == '`') {
      end_word();
      ++ticks_;
      return;
    }
    end_ticks();
    if (code == '\n') inline_code_ = false;
    if (code == ' ' || code == '\n' || code == '\t' || code == '\r') {
      end_word();
      address_ = false;
      return;
    }
    if (fence_ || inline_code_ || address_) return;
    if (code >= 0x80) {
      end_word();
      if (const Script script = script_of(code); script != Script::None) count(script, 1);
      return;
    }
    word_.add(static_cast<char>(code));
    if (word_.is_address()) {
      word_ = {};
      address_ = true;
    } else if (word_.size > kLongestWord) {
      end_word();
    }
  }

  void wait() {
    if (verdict_ != TextRule::Verdict::Undecided) return;
    ++waiting_;
    if (letters_ < kEnough && waiting_ > kLongestStart) verdict_ = TextRule::Verdict::Fine;
    if (letters_ >= kEnough && waiting_ > kLongestWait) verdict_ = TextRule::Verdict::Violated;
  }

  void end_ticks() {
    if (ticks_ >= 3) {
      fence_ = !fence_;
      inline_code_ = false;
    } else if (ticks_ > 0 && !fence_) {
      inline_code_ = !inline_code_;
    }
    ticks_ = 0;
  }

  void end_word() {
    const std::int64_t letters = word_.letters;
    word_ = {};
    if (letters > 0) count(Script::Latin, letters);
  }

  bool suffices() const {
    return static_cast<double>(good_) >= share_ * static_cast<double>(letters_) - 1e-9;
  }

  void count(Script script, std::int64_t letters) {
    letters_ += letters;
    if (allowed_[static_cast<std::size_t>(script)]) good_ += letters;
    if (suffices()) {
      verdict_ = TextRule::Verdict::Fine;
      last_fine_ = letters_;
      waiting_ = 0;
    } else {
      verdict_ =
          letters_ - last_fine_ > kPatience ? TextRule::Verdict::Violated : TextRule::Verdict::Undecided;
    }
  }

  Allowed allowed_;
  double share_;
  TextRule::Verdict verdict_ = TextRule::Verdict::Undecided;
  std::int64_t letters_ = 0;
  std::int64_t good_ = 0;
  std::int64_t last_fine_ = 0;
  std::int64_t waiting_ = 0;  // characters since the last fine moment
  Word word_;                 // of ASCII, not counted yet
  int ticks_ = 0;
  bool fence_ = false;
  bool inline_code_ = false;
  bool address_ = false;  // the rest of this word is a link or an address
  CharacterFeed characters_;
};

class LanguageRule final : public TextRule {
 public:
  LanguageRule(const Allowed& allowed, double share) : allowed_(allowed), share_(share) {}
  std::unique_ptr<Session> begin() const override {
    return std::make_unique<LanguageSession>(allowed_, share_);
  }

 private:
  Allowed allowed_;
  double share_;
};

}  // namespace

Result<std::unique_ptr<TextRule>> make_language_rule(const api::LanguageSettings& settings,
                                                     const RuleContext&) {
  Allowed allowed{};
  const auto allow = [&](Script script) { allowed[static_cast<std::size_t>(script)] = true; };
  for (const api::GuardrailLanguage language : settings.allowed) {
    switch (language) {
      case api::GuardrailLanguage::Ko:
        allow(Script::Hangul);
        break;
      case api::GuardrailLanguage::En:
        allow(Script::Latin);
        break;
      case api::GuardrailLanguage::Ja:
        allow(Script::Kana);
        allow(Script::Han);
        break;
      case api::GuardrailLanguage::Zh:
        allow(Script::Han);
        break;
      case api::GuardrailLanguage::Ru:
        allow(Script::Cyrillic);
        break;
      case api::GuardrailLanguage::Ar:
        allow(Script::Arabic);
        break;
      case api::GuardrailLanguage::Th:
        allow(Script::Thai);
        break;
      case api::GuardrailLanguage::Hi:
        allow(Script::Devanagari);
        break;
    }
  }
  return std::unique_ptr<TextRule>(
      std::make_unique<LanguageRule>(allowed, settings.min_share.value_or(kDefaultShare)));
}

}  // namespace llmops::guard
