#include "crds/base/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "crds/base/json_parser.hpp"
#include "crds/base/json_writer.hpp"

namespace llmops {
namespace {

// UTF-16 code unit order (RFC 8785 §3.2.3). For well-formed UTF-8 it differs from byte order only where
// a supplementary character meets one of U+E000..U+FFFF.
std::vector<std::uint16_t> utf16_units(std::string_view text) {
  std::vector<std::uint16_t> units;
  units.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const int length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    std::uint32_t code = length == 1 ? lead : lead & (0x7Fu >> length);
    for (int k = 1; k < length && i + static_cast<std::size_t>(k) < text.size(); ++k)
      code = (code << 6) | (static_cast<unsigned char>(text[i + static_cast<std::size_t>(k)]) & 0x3Fu);
    i += static_cast<std::size_t>(length);
    if (code >= 0x10000) {
      code -= 0x10000;
      units.push_back(static_cast<std::uint16_t>(0xD800 + (code >> 10)));
      units.push_back(static_cast<std::uint16_t>(0xDC00 + (code & 0x3FF)));
    } else {
      units.push_back(static_cast<std::uint16_t>(code));
    }
  }
  return units;
}

bool has_supplementary_or_private(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xEE; });
}

bool utf16_less(std::string_view a, std::string_view b) {
  if (!has_supplementary_or_private(a) && !has_supplementary_or_private(b)) return a < b;
  return utf16_units(a) < utf16_units(b);
}

// ECMAScript Number::toString (RFC 8785 §3.2.2.3): shortest digits that round-trip, exponent from 1e21 and
// below 1e-6.
void append_number(double number, std::string& out) {
  if (number == 0) {
    out += '0';
    return;
  }
  char buffer[32];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, std::fabs(number), std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const auto e = text.find('e');
  std::string digits(text.substr(0, 1));
  if (e > 2) digits += text.substr(2, e - 2);
  int exponent = 0;
  const auto first = text[e + 1] == '+' ? e + 2 : e + 1;
  std::from_chars(text.data() + first, text.data() + text.size(), exponent);
  const int n = exponent + 1;
  const int k = static_cast<int>(digits.size());
  if (number < 0) out += '-';
  if (k <= n && n <= 21) {
    out += digits + std::string(static_cast<std::size_t>(n - k), '0');
  } else if (0 < n && n <= 21) {
    out += digits.substr(0, static_cast<std::size_t>(n)) + "." + digits.substr(static_cast<std::size_t>(n));
  } else if (-6 < n && n <= 0) {
    out += "0." + std::string(static_cast<std::size_t>(-n), '0') + digits;
  } else {
    out += digits.substr(0, 1);
    if (k > 1) out += "." + digits.substr(1);
    out += 'e';
    out += n - 1 < 0 ? '-' : '+';
    out += std::to_string(std::abs(n - 1));
  }
}

void append_canonical(const Json& value, std::string& out);

void append_members(const Json::object_t& members, std::string& out) {
  char before = '{';
  const auto append = [&](const auto& member) {
    out += std::exchange(before, ',');
    append_json_string(member.first, out);
    out += ':';
    append_canonical(member.second, out);
  };
  const bool in_order = std::none_of(members.begin(), members.end(), [](const auto& member) {
    return has_supplementary_or_private(member.first);
  });
  if (in_order) {
    for (const auto& member : members) append(member);
  } else {
    std::vector<const Json::object_t::value_type*> sorted;
    for (const auto& member : members) sorted.push_back(&member);
    std::sort(sorted.begin(), sorted.end(),
              [](const auto* a, const auto* b) { return utf16_less(a->first, b->first); });
    for (const auto* member : sorted) append(*member);
  }
  out += members.empty() ? "{}" : "}";
}

void append_canonical(const Json& value, std::string& out) {
  switch (value.type()) {
    case Json::value_t::object:
      append_members(value.get_ref<const Json::object_t&>(), out);
      break;
    case Json::value_t::array:
      out += '[';
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (i) out += ',';
        append_canonical(value[i], out);
      }
      out += ']';
      break;
    case Json::value_t::string:
      append_json_string(value.get_ref<const std::string&>(), out);
      break;
    case Json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      break;
    case Json::value_t::number_float:
      append_number(value.get<double>(), out);
      break;
    default:
      append_json(value, out);
  }
}

// Looks at the nesting before the parser allocates for it.
bool deeper_than(std::string_view text, std::size_t max_depth) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > max_depth) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes)
    return Error{ErrorCode::TooLarge, "JSON of " + std::to_string(text.size()) + " bytes, allowed " +
                                          std::to_string(limits.max_bytes)};
  if (auto value = parse_quickly(text, limits.max_depth)) return std::move(*value);
  if (deeper_than(text, limits.max_depth))
    return Error{ErrorCode::TooLarge,
                 "JSON nested deeper than " + std::to_string(limits.max_depth) + " levels"};
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    return Error{ErrorCode::InvalidArgument,
                 "not JSON: unexpected text at byte " + std::to_string(error.byte)};
  } catch (const Json::exception& error) {
    return Error{ErrorCode::InvalidArgument, std::string("not JSON: ") + error.what()};
  }
}

std::string canonical_json(const Json& value) {
  std::string out;
  append_canonical(value, out);
  return out;
}

std::string dump_json(const Json& value) {
  std::string out;
  append_json(value, out);
  return out;
}

const Json* find_path(const Json& value, std::string_view path) {
  const Json* at = &value;
  while (!path.empty()) {
    const auto dot = path.find('.');
    const std::string_view step = path.substr(0, dot);
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
    if (at->is_object()) {
      const auto it = at->find(step);
      if (it == at->end()) return nullptr;
      at = &*it;
    } else if (at->is_array()) {
      std::size_t position = 0;
      const auto [end, code] = std::from_chars(step.data(), step.data() + step.size(), position);
      if (code != std::errc{} || end != step.data() + step.size() || position >= at->size()) return nullptr;
      at = &(*at)[position];
    } else {
      return nullptr;
    }
  }
  return at;
}

std::string string_at(const Json& value, std::string_view path, std::string_view fallback) {
  const Json* found = find_path(value, path);
  return found && found->is_string() ? found->get<std::string>() : std::string(fallback);
}

long long integer_at(const Json& value, std::string_view path, long long fallback) {
  const Json* found = find_path(value, path);
  return found && found->is_number_integer() ? found->get<long long>() : fallback;
}

bool bool_at(const Json& value, std::string_view path, bool fallback) {
  const Json* found = find_path(value, path);
  return found && found->is_boolean() ? found->get<bool>() : fallback;
}

std::string FieldPath::to_string() const {
  if (!parent_) return {};
  std::string text = parent_->to_string();
  if (position_ >= 0) return text + "[" + std::to_string(position_) + "]";
  if (!text.empty()) text += '.';
  return text.append(name_);
}

Error field_error(const FieldPath& path, std::string_view found, std::string_view allowed) {
  const std::string where = path.to_string();
  return Error{ErrorCode::InvalidArgument, (where.empty() ? std::string("document") : where) + ": found " +
                                               std::string(found) + ", allowed " + std::string(allowed)};
}

std::string describe(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_null()) return "null";
  std::string text = dump_json(value);
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}

}  // namespace llmops
