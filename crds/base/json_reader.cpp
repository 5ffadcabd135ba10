#include "crds/base/json_reader.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <utility>

#include "crds/base/utf8.hpp"

namespace llmops {
namespace {

// Bytes that stand for themselves in a string.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 0x80; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

bool is_digit(char c) {
  return '0' <= c && c <= '9';
}

// Each function reads what it is named for and stands behind it; false: give up.
class Reader {
 public:
  Reader(std::string_view text, std::size_t max_depth)
      : at_(text.data()), end_(text.data() + text.size()), depth_left_(max_depth) {}

  bool document(Json& into) {
    if (!value(into)) return false;
    skip_space();
    return at_ == end_;
  }

 private:
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  bool take(char c) {
    skip_space();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  bool word(std::string_view expected) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }

  bool value(Json& into) {
    skip_space();
    if (at_ == end_) return false;
    switch (*at_) {
      case '{':
        return object(into);
      case '[':
        return array(into);
      case '"':
        into = std::string();
        return string(into.get_ref<std::string&>());
      case 't':
        into = true;
        return word("true");
      case 'f':
        into = false;
        return word("false");
      case 'n':
        into = nullptr;
        return word("null");
      default:
        return number(into);
    }
  }

  bool object(Json& into) {
    if (depth_left_-- == 0) return false;
    ++at_;
    into = Json::object();
    auto& members = into.get_ref<Json::object_t&>();
    if (!take('}')) {
      do {
        std::string name;
        skip_space();
        if (at_ == end_ || *at_ != '"' || !string(name) || !take(':')) return false;
        // Most texts have their members in order; of two of one name the last counts.
        if (!value(members.try_emplace(members.end(), std::move(name))->second)) return false;
      } while (take(','));
      if (!take('}')) return false;
    }
    ++depth_left_;
    return true;
  }

  bool array(Json& into) {
    if (depth_left_-- == 0) return false;
    ++at_;
    into = Json::array();
    auto& items = into.get_ref<Json::array_t&>();
    if (!take(']')) {
      do {
        if (!value(items.emplace_back())) return false;
      } while (take(','));
      if (!take(']')) return false;
    }
    ++depth_left_;
    return true;
  }

  bool string(std::string& into) {
    const char* copied = ++at_;
    while (at_ != end_) {
      const auto byte = static_cast<unsigned char>(*at_);
      if (kPlain[byte]) {
        ++at_;
      } else if (byte == '"') {
        into.append(copied, at_++);
        return true;
      } else if (byte == '\\') {
        into.append(copied, at_++);
        if (!escaped(into)) return false;
        copied = at_;
      } else {
        const std::size_t size = character_size({at_, static_cast<std::size_t>(end_ - at_)});
        if (size == 0) return false;
        at_ += size;
      }
    }
    return false;
  }

  // Behind the backslash.
  bool escaped(std::string& into) {
    constexpr std::string_view kNames = "btnfr\"\\/", kMeant = "\b\t\n\f\r\"\\/";
    if (at_ == end_) return false;
    if (const auto named = kNames.find(*at_); named != std::string_view::npos) {
      into += kMeant[named];
      ++at_;
      return true;
    }
    std::uint32_t code = 0;
    if (*at_ != 'u' || end_ - at_ < 5) return false;
    const auto [behind, error] = std::from_chars(at_ + 1, at_ + 5, code, 16);
    if (error != std::errc{} || behind != at_ + 5 || (0xD800 <= code && code <= 0xDFFF)) return false;
    at_ += 5;
    if (code < 0x80) {
      into += static_cast<char>(code);
    } else if (code < 0x800) {
      into += static_cast<char>(0xC0 | (code >> 6));
      into += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      into += static_cast<char>(0xE0 | (code >> 12));
      into += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      into += static_cast<char>(0x80 | (code & 0x3F));
    }
    return true;
  }

  bool digits() {
    const char* const begin = at_;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return at_ != begin;
  }

  bool number(Json& into) {
    const char* const begin = at_;
    const bool negative = *at_ == '-';
    if (negative) ++at_;
    const char* const first = at_;
    if (!digits() || (*first == '0' && at_ - first > 1)) return false;
    if (at_ == end_ || (*at_ != '.' && *at_ != 'e' && *at_ != 'E'))
      return negative ? converted<std::int64_t>(begin, into) : converted<std::uint64_t>(begin, into);
    if (*at_ == '.') {
      ++at_;
      if (!digits()) return false;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!digits()) return false;
    }
    return converted<double>(begin, into);
  }

  template <class Number>
  bool converted(const char* begin, Json& into) {
    Number number{};
    const auto [behind, error] = std::from_chars(begin, at_, number);
    into = number;
    return error == std::errc{} && behind == at_;
  }

  const char* at_;
  const char* end_;
  std::size_t depth_left_;
};

}  // namespace

std::optional<Json> read_json(std::string_view text, std::size_t max_depth) {
  std::optional<Json> document(std::in_place);
  if (!Reader(text, max_depth).document(*document)) document.reset();
  return document;
}

}  // namespace llmops
