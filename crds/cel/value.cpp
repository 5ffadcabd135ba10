#include "crds/cel/value.hpp"

#include <cmath>

namespace llmops::cel {
namespace {

template <class T>
int order(const T& left, const T& right) {
  return left < right ? -1 : right < left ? 1 : 0;
}

// Without rounding the integer: doubles beyond 2^63 are above or below all of them.
std::optional<int> order_with_double(std::int64_t left, double right) {
  if (std::isnan(right)) return std::nullopt;
  if (right >= 9223372036854775808.0) return -1;
  if (right < -9223372036854775808.0) return 1;
  const double whole = std::trunc(right);
  const int by_whole = order(left, static_cast<std::int64_t>(whole));
  return by_whole != 0 ? by_whole : order(0.0, right - whole);
}

std::optional<int> compare_numbers(const Value& left, const Value& right) {
  if (const auto *a = left.integer(), *b = right.integer(); a != nullptr && b != nullptr)
    return order(*a, *b);
  if (const auto* a = left.integer(); a != nullptr && right.number() != nullptr)
    return order_with_double(*a, *right.number());
  if (const auto* b = right.integer(); b != nullptr && left.number() != nullptr) {
    const auto turned = order_with_double(*b, *left.number());
    return turned ? std::optional(-*turned) : std::nullopt;
  }
  if (const auto *a = left.number(), *b = right.number(); a != nullptr && b != nullptr) {
    if (std::isnan(*a) || std::isnan(*b)) return std::nullopt;
    return order(*a, *b);
  }
  return std::nullopt;
}

bool equal_lists(const List& left, const List& right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i)
    if (!equal(left[i], right[i])) return false;
  return true;
}

bool equal_maps(const Map& left, const Map& right) {
  if (left.size() != right.size()) return false;
  for (auto a = left.begin(), b = right.begin(); a != left.end(); ++a, ++b)
    if (a->first != b->first || !equal(a->second, b->second)) return false;
  return true;
}

}  // namespace

Value Value::of(List list) {
  return {std::make_shared<const List>(std::move(list))};
}

Value Value::of(Map map) {
  return {std::make_shared<const Map>(std::move(map))};
}

const List* Value::list() const {
  const auto* held = std::get_if<std::shared_ptr<const List>>(&data);
  return held == nullptr ? nullptr : held->get();
}

const Map* Value::map() const {
  const auto* held = std::get_if<std::shared_ptr<const Map>>(&data);
  return held == nullptr ? nullptr : held->get();
}

std::string_view Value::type_name() const {
  static constexpr std::string_view kNames[] = {"null",   "bool",     "int",  "double",
                                                "string", "duration", "list", "map"};
  return kNames[data.index()];
}

bool is_number(const Value& value) {
  return value.integer() != nullptr || value.number() != nullptr;
}

bool equal(const Value& left, const Value& right) {
  if (is_number(left) && is_number(right)) return compare_numbers(left, right) == 0;
  if (left.data.index() != right.data.index()) return false;
  if (left.list() != nullptr) return equal_lists(*left.list(), *right.list());
  if (left.map() != nullptr) return equal_maps(*left.map(), *right.map());
  return left.data == right.data;
}

std::optional<int> compare(const Value& left, const Value& right) {
  if (is_number(left) && is_number(right)) return compare_numbers(left, right);
  if (left.data.index() != right.data.index()) return std::nullopt;
  if (left.text() != nullptr) return order(*left.text(), *right.text());
  if (left.duration() != nullptr) return order(*left.duration(), *right.duration());
  if (left.boolean() != nullptr) return order(*left.boolean(), *right.boolean());
  return std::nullopt;
}

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text)
    if ((static_cast<unsigned char>(byte) & 0xC0) != 0x80) ++count;
  return count;
}

}  // namespace llmops::cel
