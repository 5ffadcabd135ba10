#include <cmath>
#include <cstdint>

#include "gateway/schema/program.hpp"

namespace llmops::schema {
namespace {

int sign(double left, double right) {
  return left < right ? -1 : (left > right ? 1 : 0);
}

// Of an integer with a float, without rounding the integer.
int compare_with_float(const Json& integer, double number) {
  if (std::isnan(number)) return 1;
  const double whole = std::floor(number);
  if (whole >= 18446744073709551616.0) return -1;
  if (whole < -9223372036854775808.0) return 1;
  Json floor_value;
  if (whole < 0) {
    floor_value = static_cast<std::int64_t>(whole);
  } else {
    floor_value = static_cast<std::uint64_t>(whole);
  }
  const int order = compare_numbers(integer, floor_value);
  return order != 0 ? order : (number > whole ? -1 : 0);
}

}  // namespace

int compare_numbers(const Json& left, const Json& right) {
  if (left.is_number_float())
    return right.is_number_float() ? sign(left.get<double>(), right.get<double>())
                                   : -compare_with_float(right, left.get<double>());
  if (right.is_number_float()) return compare_with_float(left, right.get<double>());
  // The library compares a large unsigned number with a signed one by a cast.
  const bool left_negative = !left.is_number_unsigned() && left.get<std::int64_t>() < 0;
  const bool right_negative = !right.is_number_unsigned() && right.get<std::int64_t>() < 0;
  if (left_negative != right_negative) return left_negative ? -1 : 1;
  if (left_negative) {
    const auto a = left.get<std::int64_t>();
    const auto b = right.get<std::int64_t>();
    return a < b ? -1 : (a > b ? 1 : 0);
  }
  const auto a = left.get<std::uint64_t>();
  const auto b = right.get<std::uint64_t>();
  return a < b ? -1 : (a > b ? 1 : 0);
}

bool equal(const Json& left, const Json& right) {
  if (left.is_number() && right.is_number()) return compare_numbers(left, right) == 0;
  if (left.type() != right.type()) return false;
  if (left.is_array()) {
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i)
      if (!equal(left[i], right[i])) return false;
    return true;
  }
  if (left.is_object()) {
    if (left.size() != right.size()) return false;
    for (auto member = left.begin(); member != left.end(); ++member) {
      const auto other = right.find(member.key());
      if (other == right.end() || !equal(member.value(), *other)) return false;
    }
    return true;
  }
  return left == right;
}

}  // namespace llmops::schema
