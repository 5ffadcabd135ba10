#include "gateway/guard/pattern/class_syntax.hpp"

#include <utf8proc.h>

#include <cctype>

namespace llmops::guard {
namespace {

struct NamedClass {
  std::string_view name;
  CodePointSet set;
};

const CodePointSet* find_named(const std::vector<NamedClass>& classes, std::string_view name) {
  for (const NamedClass& named : classes)
    if (named.name == name) return &named.set;
  return nullptr;
}

const CodePointSet* perl_class(char letter) {
  static const std::vector<NamedClass> kClasses = {{"d", {{'0', '9'}}},
                                                   {"s", {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}}},
                                                   {"w", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}}};
  return find_named(kClasses, std::string_view(&letter, 1));
}

const CodePointSet* posix_class(std::string_view name) {
  static const std::vector<NamedClass> kClasses = {
      {"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}},
      {"alpha", {{'A', 'Z'}, {'a', 'z'}}},
      {"ascii", {{0, 0x7F}}},
      {"blank", {{'\t', '\t'}, {' ', ' '}}},
      {"cntrl", {{0, 0x1F}, {0x7F, 0x7F}}},
      {"digit", {{'0', '9'}}},
      {"graph", {{'!', '~'}}},
      {"lower", {{'a', 'z'}}},
      {"print", {{' ', '~'}}},
      {"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
      {"space", {{'\t', '\r'}, {' ', ' '}}},
      {"upper", {{'A', 'Z'}}},
      {"word", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
      {"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}}};
  return find_named(kClasses, name);
}

CodePointSet with_case(CodePointSet set, bool ignore_case, bool negated) {
  if (ignore_case) set.add_other_cases();
  if (negated) set.negate();
  return set;
}

std::optional<CodePointSet> read_unicode_class(ExpressionReader& reader) {
  const std::size_t at = reader.position;
  bool negated = reader.text[at + 1] == 'P';
  reader.position += 2;
  std::string_view name;
  if (reader.take("{")) {
    const std::size_t end = reader.text.find('}', reader.position);
    if (end == std::string_view::npos) {
      reader.fail(at, "\\p{ without }");
      return CodePointSet();
    }
    name = reader.text.substr(reader.position, end - reader.position);
    reader.position = end + 1;
  } else {
    name = reader.text.substr(reader.position, 1);
    reader.position += name.size();
  }
  if (name.starts_with('^')) {
    negated = !negated;
    name.remove_prefix(1);
  }
  const CodePointSet* named = unicode_class(name);
  if (named == nullptr) {
    reader.fail(at,
                "\\p{" + std::string(name) + "} is not known; allowed: " + std::string(kUnicodeClassNames));
    return CodePointSet();
  }
  return with_case(*named, reader.ignore_case, negated);
}

std::optional<std::uint32_t> read_hexadecimal(ExpressionReader& reader, std::size_t at) {
  const bool braces = reader.take("{");
  std::uint32_t value = 0;
  std::size_t digits = 0;
  while (!reader.done() && std::isxdigit(static_cast<unsigned char>(reader.text[reader.position])) &&
         digits < (braces ? 6U : 2U)) {
    const char digit = reader.text[reader.position++];
    value = value * 16 + static_cast<std::uint32_t>(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
    ++digits;
  }
  const bool closed = !braces || reader.take("}");
  if (!closed || digits == 0 || (!braces && digits != 2) || value > CodePointSet::kLast) {
    reader.fail(at, "\\x needs two hexadecimal digits, or up to six in braces and at most 10FFFF");
    return std::nullopt;
  }
  return value;
}

// [:alpha:] and [:^alpha:] inside a class.
bool read_posix_class(ExpressionReader& reader, CodePointSet& set) {
  if (!reader.next_is("[:")) return false;
  const std::size_t end = reader.text.find(":]", reader.position + 2);
  if (end == std::string_view::npos) return false;
  std::string_view name = reader.text.substr(reader.position + 2, end - reader.position - 2);
  const bool negated = name.starts_with('^');
  if (negated) name.remove_prefix(1);
  const CodePointSet* named = posix_class(name);
  if (named == nullptr) {
    reader.fail(reader.position, "[:" + std::string(name) +
                                     ":] is not known; allowed: alnum, alpha, ascii, blank, " +
                                     "cntrl, digit, graph, lower, print, punct, space, upper, word, xdigit");
    return true;
  }
  set.add(with_case(*named, reader.ignore_case, negated));
  reader.position = end + 2;
  return true;
}

std::optional<std::uint32_t> read_class_member(ExpressionReader& reader) {
  return reader.next_is("\\") ? read_escape(reader) : reader.code_point();
}

}  // namespace

bool ExpressionReader::take(std::string_view prefix) {
  if (!next_is(prefix)) return false;
  position += prefix.size();
  return true;
}

void ExpressionReader::fail(std::size_t at, const std::string& message) {
  if (error.empty()) error = "at byte " + std::to_string(at) + ": " + message;
}

std::optional<std::uint32_t> ExpressionReader::code_point() {
  utf8proc_int32_t value = -1;
  const std::string_view rest = text.substr(position);
  const auto length = rest.empty() ? utf8proc_ssize_t{0}
                                   : utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(rest.data()),
                                                      static_cast<utf8proc_ssize_t>(rest.size()), &value);
  if (length <= 0) {
    fail(position, rest.empty() ? "the expression ends too early" : "not UTF-8");
    return std::nullopt;
  }
  position += static_cast<std::size_t>(length);
  return static_cast<std::uint32_t>(value);
}

std::optional<CodePointSet> read_class_escape(ExpressionReader& reader) {
  if (!reader.next_is("\\") || reader.position + 1 >= reader.text.size()) return std::nullopt;
  const char letter = reader.text[reader.position + 1];
  if (letter == 'p' || letter == 'P') return read_unicode_class(reader);
  const CodePointSet* named = perl_class(static_cast<char>(letter | 0x20));
  if (named == nullptr) return std::nullopt;
  reader.position += 2;
  return with_case(*named, reader.ignore_case, std::isupper(static_cast<unsigned char>(letter)) != 0);
}

std::optional<std::uint32_t> read_escape(ExpressionReader& reader) {
  const std::size_t at = reader.position;
  ++reader.position;
  const std::optional<std::uint32_t> read = reader.code_point();
  if (!read) return std::nullopt;
  const std::uint32_t code = *read;
  switch (code) {
    case 'a':
      return '\a';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case 'x':
      return read_hexadecimal(reader, at);
    default:
      break;
  }
  const bool letter_or_digit = code >= 0x80 || std::isalnum(static_cast<int>(code)) || code == '_';
  if (!letter_or_digit) return code;
  if (code >= '0' && code <= '9')
    reader.fail(at, "back-references and octal escapes are not allowed; a code point is written \\x{41}");
  else
    reader.fail(at, "escape " + std::string(reader.text.substr(at, reader.position - at)) +
                        " is not known; allowed: \\d \\s \\w \\p{…} and their negations, \\b \\B \\A \\z, " +
                        "\\a \\f \\n \\r \\t \\v \\x{…}, and punctuation");
  return std::nullopt;
}

CodePointSet read_class(ExpressionReader& reader) {
  const std::size_t at = reader.position;
  reader.take("[");
  const bool negated = reader.take("^");
  CodePointSet set;
  for (bool first = true; reader.error.empty(); first = false) {
    if (reader.done()) {
      reader.fail(at, "[ without ]");
      break;
    }
    if (!first && reader.take("]")) break;
    if (read_posix_class(reader, set)) continue;
    if (const std::optional<CodePointSet> escaped = read_class_escape(reader)) {
      set.add(*escaped);
      continue;
    }
    const std::size_t member_at = reader.position;
    const std::optional<std::uint32_t> low = read_class_member(reader);
    if (!low) break;
    std::optional<std::uint32_t> high = low;
    if (reader.next_is("-") && !reader.next_is("-]")) {
      reader.take("-");
      high = read_class_member(reader);
      if (!high) break;
    }
    if (*high < *low) {
      reader.fail(member_at, "the range ends before it begins");
      break;
    }
    set.add(with_case(CodePointSet{{*low, *high}}, reader.ignore_case, false));
  }
  if (negated) set.negate();
  if (reader.error.empty() && set.empty()) reader.fail(at, "the class has no members");
  return set;
}

}  // namespace llmops::guard
