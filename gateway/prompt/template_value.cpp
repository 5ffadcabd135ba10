#include "gateway/prompt/template_value.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cmath>

namespace llmops::gateway {
namespace {

// A whole number without ".0", as Prompty has it; else the shortest digits that give the number back.
std::string number_text(const Json& number) {
  if (number.is_number_float()) {
    const double value = number.get<double>();
    if (std::floor(value) == value && std::fabs(value) < 1e15)
      return std::to_string(static_cast<long long>(value));
  }
  return dump_json(number);
}

void append_json(const Json& value, std::string& out) {
  const bool list = value.is_array();
  if (!value.is_structured()) {
    out += value.is_number() ? number_text(value) : dump_json(value);
    return;
  }
  out += list ? '[' : '{';
  bool first = true;
  for (auto member = value.begin(); member != value.end(); ++member, first = false) {
    if (!first) out += ", ";
    if (!list) out += dump_json(Json(member.key())) + ": ";
    append_json(*member, out);
  }
  out += list ? ']' : '}';
}

// What Python calls white space.
bool is_white_space(utf8proc_int32_t c) {
  return (c >= 9 && c <= 13) || (c >= 28 && c <= 32) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

// The code point at `position` and its size; an invalid byte is one by itself and stays as it is.
utf8proc_int32_t decode(std::string_view text, std::size_t position, std::size_t& size) {
  utf8proc_int32_t c = -1;
  const auto read =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + position,
                       static_cast<utf8proc_ssize_t>(std::min<std::size_t>(text.size() - position, 4)), &c);
  size = read > 0 ? static_cast<std::size_t>(read) : 1;
  return read > 0 ? c : -1;
}

template <class Change>
std::string changed(std::string_view text, Change change) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0, size = 0; i < text.size(); i += size) {
    const utf8proc_int32_t c = decode(text, i, size);
    if (c < 0) {
      out += text[i];
      continue;
    }
    utf8proc_uint8_t bytes[4];
    const auto written = utf8proc_encode_char(change(c), bytes);
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(written));
  }
  return out;
}

}  // namespace

bool is_true(const Value& value) {
  if (value.undefined()) return false;
  switch (value.json->type()) {
    case Json::value_t::null:
      return false;
    case Json::value_t::boolean:
      return value.json->get<bool>();
    case Json::value_t::string:
      return !value.json->get_ref<const std::string&>().empty();
    case Json::value_t::array:
    case Json::value_t::object:
      return !value.json->empty();
    default:
      return value.json->get<double>() != 0;
  }
}

std::string json_text(const Json& value) {
  std::string text;
  append_json(value, text);
  return text;
}

std::string text_of(const Value& value) {
  if (value.undefined() || value.json->is_null()) return {};
  return value.json->is_string() ? value.json->get_ref<const std::string&>() : json_text(*value.json);
}

std::string_view kind_of(const Value& value) {
  if (value.undefined()) return "undefined";
  switch (value.json->type()) {
    case Json::value_t::null:
      return "none";
    case Json::value_t::boolean:
      return "true or false";
    case Json::value_t::string:
      return "a text";
    case Json::value_t::array:
      return "a list";
    case Json::value_t::object:
      return "an object";
    default:
      return "a number";
  }
}

Value member_of(const Value& value, std::string_view name) {
  if (value.undefined() || !value.json->is_object()) return {};
  const auto member = value.json->find(name);
  return member == value.json->end() ? Value{} : Value{&*member, value.foreign};
}

Value item_of(const Value& value, const Json& key) {
  if (key.is_string()) return member_of(value, key.get_ref<const std::string&>());
  if (value.undefined() || !value.json->is_array() || !key.is_number_integer()) return {};
  const auto size = static_cast<std::int64_t>(value.json->size());
  const auto index = key.get<std::int64_t>();
  const std::int64_t position = index < 0 ? index + size : index;
  if (position < 0 || position >= size) return {};
  return {&(*value.json)[static_cast<std::size_t>(position)], value.foreign};
}

bool are_equal(const Json& left, const Json& right) {
  const auto number = [](const Json& value) {
    return value.is_boolean() ? Json(value.get<bool>() ? 1 : 0) : value;
  };
  if (left.is_boolean() != right.is_boolean()) return number(left) == number(right);
  if (left.type() != right.type() && !(left.is_number() && right.is_number())) return false;
  if (left.is_array()) {
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i)
      if (!are_equal(left[i], right[i])) return false;
    return true;
  }
  return left == right;
}

std::string upper_case(std::string_view text) {
  std::string out = changed(text, [](utf8proc_int32_t c) { return utf8proc_toupper(c); });
  // Python writes SS; the library has no upper case for it, or the rare ẞ.
  for (const std::string_view sharp : {"\xC3\x9F", "\xE1\xBA\x9E"})
    if (text.find("\xC3\x9F") != std::string_view::npos)
      for (std::size_t at = out.find(sharp); at != std::string::npos; at = out.find(sharp, at + 2))
        out.replace(at, sharp.size(), "SS");
  return out;
}

std::string lower_case(std::string_view text) {
  return changed(text, [](utf8proc_int32_t c) { return utf8proc_tolower(c); });
}

std::string_view without_white_space_before(std::string_view text) {
  std::size_t size = 0;
  while (!text.empty() && is_white_space(decode(text, 0, size))) text.remove_prefix(size);
  return text;
}

std::string_view without_white_space_after(std::string_view text) {
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && text.size() - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80)
      --start;
    std::size_t size = 0;
    if (!is_white_space(decode(text, start, size)) || start + size != text.size()) return text;
    text.remove_suffix(size);
  }
  return text;
}

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

std::size_t code_point_size(std::string_view text, std::size_t position) {
  std::size_t size = 0;
  decode(text, position, size);
  return size;
}

}  // namespace llmops::gateway
