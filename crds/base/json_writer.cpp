#include "crds/base/json_writer.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace llmops {
namespace {

// Bytes that stand for themselves and for nothing else.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 0x80; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

bool is_between(unsigned char byte, unsigned char low, unsigned char high) {
  return low <= byte && byte <= high;
}

// Bytes of the character that begins here, 0 when they are no UTF-8 (Unicode, table 3-7).
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  const auto follows = [&](std::size_t i) { return is_between(byte(i), 0x80, 0xBF); };
  const unsigned char lead = byte(0);
  if (is_between(lead, 0xC2, 0xDF)) return follows(1) ? 2 : 0;
  if (is_between(lead, 0xE0, 0xEF)) {
    const unsigned char low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;
    return is_between(byte(1), low, high) && follows(2) ? 3 : 0;
  }
  if (is_between(lead, 0xF0, 0xF4)) {
    const unsigned char low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;
    return is_between(byte(1), low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void append_escaped(unsigned char byte, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr std::string_view kNamed = "\b\t\n\f\r\"\\", kNames = "btnfr\"\\";
  const auto named = kNamed.find(static_cast<char>(byte));
  out += '\\';
  if (named != std::string_view::npos) {
    out += kNames[named];
  } else {
    out.append("u00").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
  }
}

std::string library_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <class Integer>
void append_integer(Integer value, std::string& out) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
  const std::size_t begin = out.size();
  out += '"';
  std::size_t copied = 0, i = 0;
  while (i < text.size()) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (kPlain[byte]) {
      ++i;
    } else if (byte >= 0x80) {
      const std::size_t size = character_size(text.substr(i, 4));
      if (size == 0) {  // what is to become of it is decided by the library
        out.resize(begin);
        out += library_text(Json(std::string(text)));
        return;
      }
      i += size;
    } else {
      out.append(text.substr(copied, i - copied));
      append_escaped(byte, out);
      copied = ++i;
    }
  }
  out.append(text.substr(copied));
  out += '"';
}

void append_json(const Json& value, std::string& out) {
  switch (value.type()) {
    case Json::value_t::string:
      append_json_string(value.get_ref<const std::string&>(), out);
      break;
    case Json::value_t::object: {
      char before = '{';
      for (const auto& [name, member] : value.get_ref<const Json::object_t&>()) {
        out += before;
        before = ',';
        append_json_string(name, out);
        out += ':';
        append_json(member, out);
      }
      out += value.empty() ? "{}" : "}";
      break;
    }
    case Json::value_t::array: {
      char before = '[';
      for (const Json& item : value.get_ref<const Json::array_t&>()) {
        out += before;
        before = ',';
        append_json(item, out);
      }
      out += value.empty() ? "[]" : "]";
      break;
    }
    case Json::value_t::boolean:
      out += value.get_ref<const bool&>() ? "true" : "false";
      break;
    case Json::value_t::null:
      out += "null";
      break;
    case Json::value_t::number_integer:
      append_integer(value.get_ref<const std::int64_t&>(), out);
      break;
    case Json::value_t::number_unsigned:
      append_integer(value.get_ref<const std::uint64_t&>(), out);
      break;
    default:
      out += library_text(value);
  }
}

}  // namespace llmops
