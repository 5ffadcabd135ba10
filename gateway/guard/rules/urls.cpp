#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "gateway/guard/rules/characters.hpp"
#include "gateway/guard/rules/makers.hpp"
#include "gateway/guard/rules/url_text.hpp"

namespace llmops::guard {
namespace {

using namespace rules;  // the helpers of this room

constexpr std::size_t kLongestScheme = 16;
constexpr std::size_t kLongestLabel = 63;    // RFC 1035
constexpr std::size_t kLongestName = 253;    // RFC 1035, as text
constexpr std::size_t kShortestLimit = 262;  // a name with https:// and one character more

// What begins at a place: nothing, a link that is no finding, one that is, or more text is needed.
struct Link {
  enum class State { None, Open, Found } state = State::None;
  std::size_t end = 0;

  static Link none() { return {}; }
  static Link open() { return {State::Open, 0}; }
  static Link found(std::size_t end) { return {State::Found, end}; }
};

constexpr bool is_slash(char c) {
  return c == '/' || c == '\\';
}

enum class Kind : unsigned char { Other, Word, Joint, Slash };

constexpr std::array<Kind, 256> kKinds = [] {
  std::array<Kind, 256> kinds{};
  for (std::size_t byte = 0; byte < 128; ++byte) {
    const char c = static_cast<char>(byte);
    if (is_ascii_word(c)) kinds[byte] = Kind::Word;
    if (c == '.' || c == ':' || c == '-' || c == '+') kinds[byte] = Kind::Joint;
    if (is_slash(c)) kinds[byte] = Kind::Slash;
  }
  return kinds;
}();

Kind kind_of(char c) {
  return kKinds[static_cast<unsigned char>(c)];
}

// The characters at which a link could begin, in turn: slashes, letters and digits, but for words behind
// which neither a scheme's colon nor the dot of a name follows.
class Begins {
 public:
  explicit Begins(std::string_view text) : text_(text) {}

  // The first at or behind `at`, the text's size when there is none. `at` never goes back.
  std::size_t next(std::size_t at) {
    while (at >= word_end_ && at < text_.size()) {
      std::size_t end = at;
      while (end < text_.size() && kind_of(text_[end]) == Kind::Word) ++end;
      const Kind behind = end == text_.size() ? Kind::Joint : kind_of(text_[end]);
      if (end > at && behind == Kind::Joint) {
        word_end_ = end;
        return at;
      }
      if (behind == Kind::Slash) return end;
      at = end + 1;
    }
    return at;
  }

 private:
  std::string_view text_;
  std::size_t word_end_ = 0;  // of the word in which links could begin
};

class UrlsRule final : public SpanRule {
 public:
  UrlsRule(std::vector<std::string> domains, std::size_t limit)
      : domains_(std::move(domains)), limit_(std::max(limit, kShortestLimit)) {
    for (const std::string& domain : domains_) allowed_.push_back(domain);
  }

  void scan(const Window& window, Scan& scan) const override {
    const std::string_view text = window.text;
    scan.decided = text.size();
    Begins begins(text);
    for (std::size_t at = begins.next(window.from); at < text.size();) {
      const Link link = link_at(text, at, window.complete);
      if (link.state == Link::State::Open) {
        scan.decided = at;
        return;
      }
      if (link.state == Link::State::Found) scan.spans.push_back({at, link.end, {}, 1});
      at = begins.next(link.state == Link::State::Found ? link.end : at + 1);
    }
  }
  // One character decides whether a link may begin behind it, three whether it is the target of a link.
  std::size_t context_bytes() const override { return 4; }

 private:
  Link link_at(std::string_view text, std::size_t at, bool complete) const {
    const char first = text[at];
    const char before = at > 0 ? text[at - 1] : ' ';
    // The first form that is, or may still become, a link decides.
    Link link;
    if (is_ascii_letter(first)) {
      link = with_scheme(text, at, is_ascii_word(before), complete);
      if (link.state == Link::State::None && !is_ascii_word(before)) link = with_www(text, at, complete);
      if (link.state == Link::State::None && is_target(text, at)) link = as_target(text, at, complete);
    } else if (is_slash(first) && std::string_view("(<='\"").find(before) != std::string_view::npos) {
      link = without_scheme(text, at, complete);
    }
    if (link.state == Link::State::None && is_ascii_word(first) && may_precede_name(before))
      link = bare_name(text, at, complete);
    return link;
  }

  static bool may_precede_name(char before) {
    return !is_ascii_word(before) &&
           std::string_view("_-.@/\\%&+~#?$=").find(before) == std::string_view::npos;
  }

  // Behind "](" or "](<".
  static bool is_target(std::string_view text, std::size_t at) {
    const std::string_view before = text.substr(0, at);
    return before.ends_with("](") || before.ends_with("](<");
  }

  Link with_scheme(std::string_view text, std::size_t at, bool inside_word, bool complete) const {
    for (const std::string_view web : {"https:", "http:"}) {
      const There there = stands_at(text, at, web);
      if (there == There::Cut && !complete) return Link::open();
      if (there != There::Yes) continue;
      std::size_t authority = at + web.size();
      if (authority == text.size()) return complete ? Link::none() : Link::open();
      if (!is_slash(text[authority])) continue;
      // Slashes count as one; more than some of them is no link that anything follows.
      while (authority < text.size() && is_slash(text[authority]) && authority < at + kLongestScheme)
        ++authority;
      if (authority == text.size()) return complete ? Link::none() : Link::open();
      return judged(text, at, authority, complete);
    }
    if (inside_word) return Link::none();
    std::size_t colon = at;
    const std::size_t last = at + kLongestScheme;
    while (colon < text.size() && colon < last &&
           (is_ascii_word(text[colon]) || text[colon] == '+' || text[colon] == '-' || text[colon] == '.'))
      ++colon;
    const There there = colon == last ? There::No : stands_at(text, colon, "://");
    if (there == There::Cut) return complete ? Link::none() : Link::open();
    return there == There::Yes ? judged(text, at, colon + 3, complete) : Link::none();
  }

  Link with_www(std::string_view text, std::size_t at, bool complete) const {
    const There there = stands_at(text, at, "www.");
    if (there == There::Cut) return complete ? Link::none() : Link::open();
    if (there == There::No) return Link::none();
    if (at + 4 == text.size()) return complete ? Link::none() : Link::open();
    return is_ascii(text[at + 4]) && !is_ascii_word(text[at + 4]) ? Link::none()
                                                                  : judged(text, at, at, complete);
  }

  Link as_target(std::string_view text, std::size_t at, bool complete) const {
    for (const std::string_view scheme : {"javascript:", "data:", "vbscript:", "file:"}) {
      const There there = stands_at(text, at, scheme);
      if (there == There::Cut && !complete) return Link::open();
      if (there == There::Yes) return ended(text, at, at + scheme.size(), complete);
    }
    return Link::none();
  }

  Link without_scheme(std::string_view text, std::size_t at, bool complete) const {
    std::size_t authority = at;
    while (authority < text.size() && is_slash(text[authority]) && authority < at + kLongestScheme)
      ++authority;
    if (authority == text.size()) return complete ? Link::none() : Link::open();
    if (authority - at < 2 || !is_ascii_word(text[authority])) return Link::none();
    const Link link = judged(text, at, authority, complete);
    if (link.state != Link::State::Found) return link;
    // "//" begins comments too; a host of a link has a dot.
    std::size_t end = authority;
    while (end < text.size() && !ends_authority(text[end])) ++end;
    return host_of(text.substr(authority, end - authority)).name.find('.') == std::string_view::npos
               ? Link::none()
               : link;
  }

  Link bare_name(std::string_view text, std::size_t at, bool complete) const {
    std::size_t end = at;
    std::size_t label = 0;
    bool dotted = false;
    for (; end < text.size() && (is_ascii_word(text[end]) || text[end] == '-' || text[end] == '.'); ++end) {
      if (text[end] == '.') {
        if (label == 0) break;
        dotted = true;
        label = 0;
      } else if (++label > kLongestLabel) {
        return Link::none();
      }
      if (end - at >= kLongestName) return Link::none();
    }
    if (end == text.size() && !complete) return Link::open();
    if (!dotted || (end < text.size() && (text[end] == '@' || text[end] == '_'))) return Link::none();
    std::size_t name_end = end;
    while (name_end > at && (text[name_end - 1] == '.' || text[name_end - 1] == '-')) --name_end;
    const std::string_view name = text.substr(at, name_end - at);
    if (!has_known_ending(name) || is_allowed(name, allowed_)) return Link::none();
    if (name_end < end || end == text.size() ||
        std::string_view("/\\:?#").find(text[end]) == std::string_view::npos)
      return Link::found(name_end);
    return ended(text, at, name_end, complete);
  }

  // A link with an authority that begins at `authority`.
  Link judged(std::string_view text, std::size_t at, std::size_t authority, bool complete) const {
    std::size_t end = authority;
    while (end < text.size() && end - at <= limit_ && !ends_authority(text[end])) ++end;
    if (end - at > limit_) return ended(text, at, authority, complete);
    if (end == text.size() && !complete) return Link::open();
    const Host host = host_of(text.substr(authority, end - authority));
    if (host.clear && host.name.empty()) return Link::none();
    if (host.clear && is_allowed(host.name, allowed_)) return Link::none();
    const std::size_t name_end = authority + host.end;
    // What only touches the name ("example.com으로") is no part of the link.
    if (host.clear && name_end < end && text[name_end] != ':' && text[name_end] != '.')
      return Link::found(name_end);
    return ended(text, at, host.clear ? name_end : end, complete);
  }

  Link ended(std::string_view text, std::size_t at, std::size_t from, bool complete) const {
    const LinkEnd end = link_end(text, std::min(from, at + limit_), at + limit_, complete);
    return end.decided ? Link::found(end.end) : Link::open();
  }

  std::vector<std::string> domains_;
  std::vector<std::string_view> allowed_;
  std::size_t limit_;
};

}  // namespace

Result<std::unique_ptr<SpanRule>> make_urls_rule(const api::UrlsSettings& settings,
                                                 const RuleContext& context) {
  return std::unique_ptr<SpanRule>(
      std::make_unique<UrlsRule>(settings.allowed_domains, context.max_match_bytes));
}

}  // namespace llmops::guard
