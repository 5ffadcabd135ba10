#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "crds/base/time.hpp"
#include "crds/structural/walk.hpp"

namespace llmops::structural {
namespace {

class ValueCheck {
 public:
  explicit ValueCheck(std::vector<Finding>& findings) : findings_(findings) {}
  bool blocked() const { return blocked_; }

  void check(const Json& value, const Schema& schema, const FieldPath& at) {
    if (!has_type(value, schema, at)) {
      blocked_ = true;
      return;
    }
    if (value.is_string())
      check_text(value, schema, at);
    else if (value.is_number())
      check_number(value, schema, at);
    else if (value.is_array())
      check_array(value, schema, at);
    else if (value.is_object())
      check_object_value(value, schema, at);
  }

 private:
  void add(const FieldPath& at, std::string message) {
    findings_.push_back({at.to_string(), std::move(message)});
  }
  // Findings that keep the rules from running.
  void block(const FieldPath& at, std::string message) {
    add(at, std::move(message));
    blocked_ = true;
  }

  bool has_type(const Json& value, const Schema& schema, const FieldPath& at) {
    const bool fits = fits_type(value, schema.type);
    if (fits) return true;
    static constexpr std::string_view kNames[] = {"object", "array",   "string",           "integer",
                                                  "number", "boolean", "integer or string"};
    std::string_view wanted = kNames[static_cast<std::size_t>(schema.type)];
    // The API server names the format where a number stands in the place of a text with one.
    if (schema.type == Type::String && value.is_number() && schema.format == Format::Duration)
      wanted = "duration";
    findings_.push_back(of_wrong_type(at, wanted, json_type(value)));
    return false;
  }

  static bool is_whole(const Json& value) {
    if (value.is_number_unsigned())
      return value.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max();
    if (value.is_number_integer()) return true;
    return value.is_number() && std::trunc(value.get<double>()) == value.get<double>() &&
           std::fabs(value.get<double>()) < 9007199254740992.0;
  }

  static bool fits_type(const Json& value, Type type) {
    switch (type) {
      case Type::Object:
        return value.is_object();
      case Type::Array:
        return value.is_array();
      case Type::String:
        return value.is_string();
      case Type::Integer:
        return is_whole(value);
      case Type::Number:
        return value.is_number();
      case Type::Boolean:
        return value.is_boolean();
      case Type::IntOrString:
        return value.is_string() || is_whole(value);
    }
    return false;
  }

  void check_text(const Json& value, const Schema& schema, const FieldPath& at) {
    const auto& text = value.get_ref<const std::string&>();
    const std::size_t length = cel::code_points(text);
    if (schema.max_length && length > *schema.max_length)
      block(at, "Too long: found " + std::to_string(length) + " characters, may not be more than " +
                    std::to_string(*schema.max_length));
    if (schema.min_length && length < *schema.min_length)
      findings_.push_back(
          invalid(at, value, "should be at least " + std::to_string(*schema.min_length) + " chars long"));
    if (schema.pattern && !re2::RE2::PartialMatch(text, *schema.pattern))
      findings_.push_back(invalid(at, value, "should match '" + schema.pattern_source + "'"));
    const bool duration = schema.format == Format::Duration && !parse_duration(text);
    if (duration || (schema.format == Format::DateTime && !parse_timestamp(text))) {
      findings_.push_back(
          invalid(at, value, std::string("must be of type ") + (duration ? "duration" : "date-time")));
      blocked_ = true;
    }
    if (schema.values.empty() ||
        std::find(schema.values.begin(), schema.values.end(), text) != schema.values.end())
      return;
    std::string supported;
    for (const std::string& one : schema.values)
      supported += (supported.empty() ? "\"" : ", \"") + one + "\"";
    block(at, "Unsupported value: " + describe(value) + ": supported values: " + supported);
  }

  void check_number(const Json& value, const Schema& schema, const FieldPath& at) {
    const double number = value.get<double>();
    if (schema.minimum && (schema.exclusive_minimum ? number <= *schema.minimum : number < *schema.minimum))
      findings_.push_back(invalid(at, value,
                                  std::string("should be greater than ") +
                                      (schema.exclusive_minimum ? "" : "or equal to ") +
                                      canonical_json(*schema.minimum)));
    if (schema.maximum && number > *schema.maximum)
      findings_.push_back(
          invalid(at, value, "should be less than or equal to " + canonical_json(*schema.maximum)));
  }

  void check_array(const Json& value, const Schema& schema, const FieldPath& at) {
    if (schema.max_items && value.size() > *schema.max_items) too_many(at, value.size(), *schema.max_items);
    if (schema.min_items && value.size() < *schema.min_items)
      findings_.push_back(
          invalid(at, value, "should have at least " + std::to_string(*schema.min_items) + " items"));
    if (schema.items != nullptr)
      for (std::size_t i = 0; i < value.size(); ++i) check(value[i], *schema.items, at.index(i));
  }

  void check_object_value(const Json& value, const Schema& schema, const FieldPath& at) {
    if (schema.max_properties && value.size() > *schema.max_properties)
      too_many(at, value.size(), *schema.max_properties);
    for (const std::string& name : schema.required)
      if (!value.contains(name)) block(at.member(name), "Required value");
    for (const auto& [name, member] : value.items())
      if (const Schema* known = schema.member(name); known != nullptr) check(member, *known, at.member(name));
  }

  void too_many(const FieldPath& at, std::size_t found, std::size_t most) {
    block(at,
          "Too many: " + std::to_string(found) + ": must have at most " + std::to_string(most) + " items");
  }

  std::vector<Finding>& findings_;
  bool blocked_ = false;
};

}  // namespace

std::string_view json_type(const Json& value) {
  if (value.is_object()) return "object";
  if (value.is_array()) return "array";
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "boolean";
  if (value.is_number_integer()) return "integer";
  return value.is_number() ? "number" : "null";
}

Finding invalid(const FieldPath& at, const Json& value, const std::string& demand) {
  const std::string field = at.to_string();
  return {field, "Invalid value: " + describe(value) + ": " + field + " in body " + demand};
}

Finding of_wrong_type(const FieldPath& at, std::string_view wanted, std::string_view found) {
  const std::string field = at.to_string(), type = "\"" + std::string(found) + "\"";
  return {field, "Invalid value: " + type + ": " + field + " in body must be of type " + std::string(wanted) +
                     ": " + type};
}

bool check_values(const Json& value, const Schema& schema, const FieldPath& at,
                  std::vector<Finding>& findings) {
  ValueCheck check(findings);
  check.check(value, schema, at);
  return check.blocked();
}

}  // namespace llmops::structural
