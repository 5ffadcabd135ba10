// Values of the Common Expression Language (https://cel.dev): those that the rules
// of our CRDs meet. Not here: uint, bytes, timestamps, maps with keys that are no texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crds/base/time.hpp"

namespace llmops::cel {

struct Value;
using List = std::vector<Value>;
using Map = std::map<std::string, Value, std::less<>>;

// Lists and maps are shared and never changed, so that a copy is cheap.
struct Value {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Duration, std::shared_ptr<const List>,
               std::shared_ptr<const Map>>
      data;  // monostate is null

  static Value of(bool truth) { return {truth}; }
  static Value of(std::int64_t number) { return {number}; }
  static Value of(double number) { return {number}; }
  static Value of(std::string text) { return {std::move(text)}; }
  static Value of(Duration duration) { return {duration}; }
  static Value of(List list);
  static Value of(Map map);

  const bool* boolean() const { return std::get_if<bool>(&data); }
  const std::int64_t* integer() const { return std::get_if<std::int64_t>(&data); }
  const double* number() const { return std::get_if<double>(&data); }
  const std::string* text() const { return std::get_if<std::string>(&data); }
  const Duration* duration() const { return std::get_if<Duration>(&data); }
  const List* list() const;
  const Map* map() const;

  // "bool", "int", "double", "string", "duration", "list", "map" or "null".
  std::string_view type_name() const;
};

bool is_number(const Value& value);  // int or double

// As `==` has it: numbers by their value, other types are never equal to each other; NaN equals nothing.
bool equal(const Value& left, const Value& right);

// Negative, 0 or positive as `left` is below, equal or above. nullopt when there is no order: values of other
// types (int and double have one), lists, maps, null, NaN.
std::optional<int> compare(const Value& left, const Value& right);

// Code points of a UTF-8 text.
std::size_t code_points(std::string_view text);

}  // namespace llmops::cel
