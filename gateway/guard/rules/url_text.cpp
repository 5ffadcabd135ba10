#include "gateway/guard/rules/url_text.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "gateway/guard/rules/characters.hpp"

namespace llmops::guard::rules {
namespace {

// Countries, generic names and the endings that phishing reports name most; short, so that file names
// ("notes.md", "main.rs", "setup.py") are no links.
constexpr std::array<std::string_view, 58> kEndings = {
    "ai",   "app", "at",   "au",   "be",    "biz", "br",  "ca", "cc",   "ch",   "click", "cloud",
    "club", "cn",  "co",   "com",  "cz",    "de",  "dev", "dk", "edu",  "es",   "eu",    "fi",
    "fr",   "gov", "gg",   "info", "io",    "it",  "jp",  "kr", "life", "link", "live",  "ly",
    "me",   "mil", "mobi", "name", "net",   "nl",  "no",  "nu", "org",  "page", "pl",    "pro",
    "ru",   "se",  "shop", "site", "store", "top", "tv",  "tw", "uk",   "xyz"};

// Top-level domains in Hangul; other Hangul behind a dot is the next sentence.
constexpr std::array<std::string_view, 4> kHangulEndings = {"한국", "닷컴", "닷넷", "삼성"};

bool is_name_character(char c) {
  return is_ascii_word(c) || c == '-' || c == '.';
}

// Text may touch a link without a space: markdown's emphasis, brackets, list punctuation.
bool may_touch(char c) {
  return std::string_view(".-*_~'()[]{}|,;!").find(c) != std::string_view::npos;
}

// A dot behind which a name could go on.
bool goes_on_as_name(std::string_view rest) {
  for (std::size_t dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.', dot + 1)) {
    const std::string_view next = rest.substr(dot + 1);
    if (next.empty()) continue;
    if (is_ascii_word(next.front())) return true;
    if (is_ascii(next.front())) continue;
    const Script script = script_of(character_at(next, 0).code);
    if (script != Script::Hangul && script != Script::None) return true;
    for (const std::string_view ending : kHangulEndings)
      if (next.starts_with(ending)) return true;
  }
  return false;
}

bool is_number(std::string_view host) {
  const std::size_t dot = host.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? host : host.substr(dot + 1);
  if (std::all_of(last.begin(), last.end(), is_ascii_digit)) return true;
  return last.size() > 2 && last[0] == '0' && ascii_lower(last[1]) == 'x';
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

}  // namespace

bool ends_link(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7F || c == '<' || c == '>' || c == '"' || c == '`';
}

bool ends_authority(char c) {
  return c == '/' || c == '\\' || c == '?' || c == '#' || ends_link(c);
}

Host host_of(std::string_view authority) {
  Host host;
  const std::size_t at = authority.rfind('@');
  const std::size_t begin = at == std::string_view::npos ? 0 : at + 1;
  std::string_view rest = authority.substr(begin);
  std::size_t length = 0;
  while (length < rest.size() && is_name_character(rest[length])) ++length;
  std::string_view name = rest.substr(0, length);
  while (!name.empty() && (name.back() == '.' || name.back() == '-')) name.remove_suffix(1);
  rest.remove_prefix(name.size());
  host.name = name;
  host.end = begin + name.size();
  if (rest.empty()) return host;
  if (rest.front() == ':') {
    std::size_t digits = 1;
    while (digits < rest.size() && is_ascii_digit(rest[digits])) ++digits;
    const std::string_view behind = rest.substr(digits);
    host.clear = !goes_on_as_name(behind) && (behind.empty() || !is_ascii_word(behind.front()));
    return host;
  }
  host.clear = (!is_ascii(rest.front()) || may_touch(rest.front())) && !goes_on_as_name(rest);
  if (name.empty() && !is_ascii(rest.front())) host.clear = false;
  if (name.empty() && rest.front() == '[') host.clear = false;
  return host;
}

bool is_allowed(std::string_view host, const std::vector<std::string_view>& domains) {
  if (host.empty() || is_number(host)) return false;
  for (const std::string_view domain : domains) {
    if (host.size() < domain.size()) continue;
    if (!equal_ignoring_case(host.substr(host.size() - domain.size()), domain)) continue;
    if (host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.') return true;
  }
  return false;
}

bool has_known_ending(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  std::string ending(name.substr(dot + 1));
  for (char& c : ending) c = ascii_lower(c);
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

LinkEnd link_end(std::string_view text, std::size_t from, std::size_t limit, bool complete) {
  std::size_t at = from;
  int round = 0;
  int square = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (ends_link(c)) break;
    if (c == '(') ++round;
    if (c == '[') ++square;
    if (c == ')' && --round < 0) break;
    if (c == ']' && --square < 0) break;
    if (at >= limit) {
      std::size_t end = limit;
      while (end > from && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
      return {end, true};
    }
  }
  if (at == text.size() && !complete) return {at, false};
  while (at > from && std::string_view(".,;:!?'*_~|").find(text[at - 1]) != std::string_view::npos) --at;
  return {at, true};
}

}  // namespace llmops::guard::rules
