#include "crds/codec/object_reader.hpp"

#include <charconv>
#include <cmath>

namespace llmops::codec {
namespace {

std::string number_text(double number) {
  if (std::floor(number) == number && std::fabs(number) < 1e15)
    return std::to_string(static_cast<long long>(number));
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  return std::string(buffer, end);
}

Problem check_range(double number, const Json& value, const FieldPath& path, const Limits& limits) {
  const bool too_low = limits.exclusive_minimum ? number <= limits.minimum : number < limits.minimum;
  if (!too_low && number <= limits.maximum) return std::nullopt;
  std::string allowed;
  if (std::isfinite(limits.minimum))
    allowed = (limits.exclusive_minimum ? "more than " : "at least ") + number_text(limits.minimum);
  if (std::isfinite(limits.maximum))
    allowed += (allowed.empty() ? "at most " : " and at most ") + number_text(limits.maximum);
  return field_error(path, describe(value), allowed);
}

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text)
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++count;
  return count;
}

Problem check_size(std::size_t size, std::string_view of, const FieldPath& path, const Limits& limits) {
  const std::string found = std::to_string(size) + " " + std::string(of);
  if (size > limits.max_items) return field_error(path, found, "at most " + std::to_string(limits.max_items));
  if (size < limits.min_items)
    return field_error(path, found, "at least " + std::to_string(limits.min_items));
  return std::nullopt;
}

template <class T, class Parse>
Problem read_text(const Json& value, const FieldPath& path, std::string_view kind, Parse parse, T& out) {
  if (!value.is_string()) return field_error(path, describe(value), kind);
  auto parsed = parse(value.get_ref<const std::string&>());
  if (!parsed) return at_path(path, std::move(parsed).error());
  out = *parsed;
  return std::nullopt;
}

}  // namespace

Problem read(const Json& value, const FieldPath& path, const Limits& limits, std::string& out) {
  if (limits.number_as_text && value.is_number()) {
    out = dump_json(value);
    return std::nullopt;
  }
  if (auto problem = check_string(value, path)) return problem;
  const auto& text = value.get_ref<const std::string&>();
  if (!limits.constant.empty() && text != limits.constant)
    return field_error(path, describe(value), "\"" + std::string(limits.constant) + "\"");
  // Bytes bound code points from above, so most texts need no count.
  if (text.size() > limits.max_length && code_points(text) > limits.max_length)
    return field_error(path, std::to_string(code_points(text)) + " characters",
                       "at most " + std::to_string(limits.max_length));
  out = text;
  return std::nullopt;
}

Problem read(const Json& value, const FieldPath& path, const Limits& limits, std::int64_t& out) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
    return field_error(path, describe(value), "an integer of 64 bits");
  if (value.is_number_integer()) {
    out = value.get<std::int64_t>();
  } else if (value.is_number_float() && std::floor(value.get<double>()) == value.get<double>() &&
             std::fabs(value.get<double>()) < 9.0e15) {
    out = static_cast<std::int64_t>(value.get<double>());
  } else {
    return field_error(path, describe(value), "an integer");
  }
  return check_range(static_cast<double>(out), value, path, limits);
}

Problem read(const Json& value, const FieldPath& path, const Limits& limits, double& out) {
  if (!value.is_number()) return field_error(path, describe(value), "a number");
  out = value.get<double>();
  return check_range(out, value, path, limits);
}

Problem read(const Json& value, const FieldPath& path, const Limits&, bool& out) {
  if (!value.is_boolean()) return field_error(path, describe(value), "true or false");
  out = value.get<bool>();
  return std::nullopt;
}

Problem read(const Json& value, const FieldPath& path, const Limits&, Timestamp& out) {
  return read_text(value, path, "an RFC 3339 time such as 2026-11-21T09:00:00Z", parse_timestamp, out);
}

Problem read(const Json& value, const FieldPath& path, const Limits&, Duration& out) {
  return read_text(value, path, "a duration such as 500ms, 30s, 10m or 1h30m", parse_duration, out);
}

Problem read(const Json& value, const FieldPath&, const Limits&, Json& out) {
  out = value;
  return std::nullopt;
}

Problem check_string(const Json& value, const FieldPath& path) {
  if (value.is_string()) return std::nullopt;
  return field_error(path, describe(value), "a string");
}

Problem check_list(const Json& value, const FieldPath& path, const Limits& limits) {
  if (!value.is_array()) return field_error(path, describe(value), "a list");
  return check_size(value.size(), value.size() == 1 ? "item" : "items", path, limits);
}

Problem check_map(const Json& value, const FieldPath& path, const Limits& limits) {
  if (!value.is_object()) return field_error(path, describe(value), "an object");
  return check_size(value.size(), value.size() == 1 ? "entry" : "entries", path, limits);
}

Error not_one_of(std::string_view text, std::string_view allowed) {
  return Error{ErrorCode::InvalidArgument,
               "found " + describe(Json(std::string(text))) + ", allowed " + std::string(allowed)};
}

Error at_path(const FieldPath& path, Error error) {
  const std::string where = path.to_string();
  return with_context(std::move(error),
                      where.empty() ? std::string_view("document") : std::string_view(where));
}

ObjectReader::ObjectReader(const Json& value, const FieldPath& path) : value_(value), path_(path) {
  if (!value.is_object()) problem_ = field_error(path, describe(value), "an object");
}

const Json* ObjectReader::find(std::string_view name) const {
  const auto member = value_.find(name);
  return member == value_.end() || member->is_null() ? nullptr : &*member;
}

Error ObjectReader::missing(std::string_view name, std::string_view kind) const {
  return field_error(path_.member(name), "nothing", std::string(kind) + " (required)");
}

}  // namespace llmops::codec
