#include "gateway/guard/text/code_point_reader.hpp"

namespace llmops::guard {
namespace {

unsigned byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

ReadCodePoint read_utf8(std::string_view text, bool complete) {
  const unsigned first = byte_at(text, 0);
  if (first < 0x80) return {static_cast<CodePoint>(first), 1};
  std::size_t length = 0;
  unsigned low = 0x80, high = 0xBF;  // allowed second bytes
  CodePoint code = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
    code = static_cast<CodePoint>(first & 0x1F);
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    code = static_cast<CodePoint>(first & 0x0F);
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    code = static_cast<CodePoint>(first & 0x07);
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return {kReplacement, 1};
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (i == text.size()) return complete ? ReadCodePoint{kReplacement, i} : ReadCodePoint{0, 0};
    const unsigned next = byte_at(text, i);
    if (next < low || next > high) return {kReplacement, i};
    low = 0x80;
    high = 0xBF;
    code = (code << 6) | static_cast<CodePoint>(next & 0x3F);
  }
  return {code, length};
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

enum class Unit { Read, Broken, Short };

// "\uXXXX" at the front of `text`.
Unit read_unit(std::string_view text, CodePoint& unit) {
  static constexpr std::string_view kFront = "\\u";
  unit = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    if (i == text.size()) return Unit::Short;
    if (i < kFront.size()) {
      if (text[i] != kFront[i]) return Unit::Broken;
      continue;
    }
    const int value = hex_value(text[i]);
    if (value < 0) return Unit::Broken;
    unit = unit * 16 + value;
  }
  return Unit::Read;
}

ReadCodePoint read_escape(std::string_view text, bool complete) {
  const ReadCodePoint as_it_stands{'\\', 1};
  if (text.size() == 1) return complete ? as_it_stands : ReadCodePoint{0, 0};
  switch (text[1]) {
    case '"':
    case '\\':
    case '/':
      return {text[1], 2};
    case 'b':
      return {'\b', 2};
    case 'f':
      return {'\f', 2};
    case 'n':
      return {'\n', 2};
    case 'r':
      return {'\r', 2};
    case 't':
      return {'\t', 2};
    case 'u':
      break;
    default:
      return as_it_stands;
  }
  CodePoint unit = 0;
  const Unit first = read_unit(text, unit);
  if (first == Unit::Short && !complete) return {0, 0};
  if (first != Unit::Read) return as_it_stands;
  if (unit >= 0xDC00 && unit <= 0xDFFF) return {kReplacement, 6};
  if (unit < 0xD800 || unit > 0xDBFF) return {unit, 6};
  CodePoint second = 0;
  const Unit pair = read_unit(text.substr(6), second);
  if (pair == Unit::Short && !complete) return {0, 0};
  if (pair != Unit::Read || second < 0xDC00 || second > 0xDFFF) return {kReplacement, 6};
  return {0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00), 12};
}

}  // namespace

ReadCodePoint read_code_point(std::string_view text, Escapes escapes, bool complete) {
  if (escapes == Escapes::Json && text.front() == '\\') return read_escape(text, complete);
  return read_utf8(text, complete);
}

}  // namespace llmops::guard
