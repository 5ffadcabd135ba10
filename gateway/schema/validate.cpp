#include <cmath>
#include <unordered_map>

#include "gateway/schema/program.hpp"

namespace llmops::schema {
namespace {

std::size_t code_points(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

bool has_type(const Json& value, std::uint8_t types) {
  switch (value.type()) {
    case Json::value_t::null:
      return types & kNull;
    case Json::value_t::boolean:
      return types & kBoolean;
    case Json::value_t::object:
      return types & kObject;
    case Json::value_t::array:
      return types & kArray;
    case Json::value_t::string:
      return types & kString;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return types & (kNumber | kInteger);
    case Json::value_t::number_float: {
      if (types & kNumber) return true;
      const double number = value.get<double>();
      return (types & kInteger) && std::isfinite(number) && std::floor(number) == number;
    }
    default:
      return false;
  }
}

std::string type_words(std::uint8_t types) {
  std::string words;
  for (const auto& [bit, word] : {std::pair{kNull, "null"},
                                  {kBoolean, "true or false"},
                                  {kObject, "an object"},
                                  {kArray, "a list"},
                                  {kString, "a text"},
                                  {kNumber, "a number"},
                                  {kInteger, "an integer"}})
    if (types & bit) words += (words.empty() ? "" : " or ") + std::string(word);
  return words;
}

std::string amount(std::size_t count, std::string_view one) {
  return std::to_string(count) + " " + std::string(one) + (count == 1 ? "" : "s");
}

class Validator {
 public:
  Validator(const JsonSchema::Program& program, std::size_t max) : program_(program), max_(max) {}

  std::vector<Violation> run(const Json& value) {
    check(0, value, "", 0);
    if (exhausted_)
      violations_.insert(violations_.begin(),
                         {"", describe(value),
                          "what can be checked in " + std::to_string(kMaxValidationSteps) + " steps and " +
                              std::to_string(kMaxValidationDepth) + " levels; simplify schema or value"});
    if (violations_.size() > max_) violations_.resize(max_);
    return std::move(violations_);
  }

 private:
  bool full() const { return exhausted_ || violations_.size() >= max_; }
  void step(std::size_t cost = 1) {
    if (steps_ + cost > kMaxValidationSteps) exhausted_ = true;
    steps_ += cost;
  }
  void violation(const std::string& pointer, const Json& value, std::string allowed) {
    if (!full()) violations_.push_back({pointer, describe(value), std::move(allowed)});
  }

  // What one alternative finds, without telling it.
  std::vector<Violation> trial(NodeIndex index, const Json& value, const std::string& pointer,
                               std::size_t depth) {
    std::vector<Violation> kept = std::exchange(violations_, {});
    const std::size_t kept_max = std::exchange(max_, 1);
    check(index, value, pointer, depth);
    max_ = kept_max;
    return std::exchange(violations_, std::move(kept));
  }

  void check(NodeIndex index, const Json& value, const std::string& pointer, std::size_t depth) {
    step();
    if (depth > kMaxValidationDepth) exhausted_ = true;
    if (full()) return;
    const Node& node = program_.nodes[index];
    if (node.boolean) {
      if (!*node.boolean) violation(pointer, value, "nothing here");
      return;
    }
    if (node.types != 0 && !has_type(value, node.types))
      return violation(pointer, value, type_words(node.types));
    check_values(node, value, pointer);
    if (value.is_number()) check_number(node, value, pointer);
    if (value.is_string()) check_text(node, value, pointer);
    if (value.is_array()) check_list(node, value, pointer, depth);
    if (value.is_object()) check_object(node, value, pointer, depth);
    check_combinations(node, value, pointer, depth);
  }

  void check_values(const Node& node, const Json& value, const std::string& pointer) {
    if (node.constant && !equal(value, *node.constant)) violation(pointer, value, describe(*node.constant));
    if (!node.enumeration) return;
    for (const Json& allowed : *node.enumeration) {
      step();
      if (equal(value, allowed)) return;
    }
    std::string words;
    for (const Json& allowed : *node.enumeration) {
      if (words.size() > 200) {
        words += ", …";
        break;
      }
      words += (words.empty() ? "" : ", ") + describe(allowed);
    }
    violation(pointer, value, node.enumeration->size() == 1 ? words : "one of " + words);
  }

  void check_number(const Node& node, const Json& value, const std::string& pointer) {
    if (node.minimum && compare_numbers(value, *node.minimum) < 0)
      violation(pointer, value, "at least " + node.minimum->dump());
    if (node.maximum && compare_numbers(value, *node.maximum) > 0)
      violation(pointer, value, "at most " + node.maximum->dump());
    if (node.exclusive_minimum && compare_numbers(value, *node.exclusive_minimum) <= 0)
      violation(pointer, value, "more than " + node.exclusive_minimum->dump());
    if (node.exclusive_maximum && compare_numbers(value, *node.exclusive_maximum) >= 0)
      violation(pointer, value, "less than " + node.exclusive_maximum->dump());
    if (node.multiple_of) {
      const double times = value.get<double>() / *node.multiple_of;
      const bool whole = std::isfinite(times) &&
                         std::fabs(times - std::round(times)) <= 1e-9 * std::fmax(1, std::fabs(times));
      if (!whole) violation(pointer, value, "a multiple of " + Json(*node.multiple_of).dump());
    }
  }

  void check_text(const Node& node, const Json& value, const std::string& pointer) {
    const auto& text = value.get_ref<const std::string&>();
    if (node.min_length || node.max_length) {
      const std::size_t length = code_points(text);
      if (node.min_length && length < *node.min_length)
        violation(pointer, value, "at least " + amount(*node.min_length, "character"));
      if (node.max_length && length > *node.max_length)
        violation(pointer, value, "at most " + amount(*node.max_length, "character"));
    }
    if (node.pattern && !RE2::PartialMatch(text, *node.pattern->expression))
      violation(pointer, value, "a text that matches " + node.pattern->source.substr(0, 200));
  }

  void check_list(const Node& node, const Json& value, const std::string& pointer, std::size_t depth) {
    if (node.min_items && value.size() < *node.min_items)
      violation(pointer, value, "at least " + amount(*node.min_items, "item"));
    if (node.max_items && value.size() > *node.max_items)
      return violation(pointer, value, "at most " + amount(*node.max_items, "item"));
    if (node.unique_items) check_unique(value, pointer);
    for (std::size_t i = 0; i < value.size() && !full(); ++i) {
      const bool prefix = i < node.prefix_items.size();
      if (!prefix && !node.items) break;
      check(prefix ? node.prefix_items[i] : *node.items, value[i], append_pointer(pointer, std::to_string(i)),
            depth + 1);
    }
  }

  // By the canonical form first, which is the same for equal values, so that it takes no square of the size.
  void check_unique(const Json& value, const std::string& pointer) {
    std::unordered_map<std::string, std::vector<std::size_t>> seen;
    for (std::size_t i = 0; i < value.size() && !full(); ++i) {
      auto& same = seen[canonical_json(value[i])];
      for (const std::size_t other : same) {
        step();
        if (full()) return;
        if (equal(value[i], value[other]))
          return violation(append_pointer(pointer, std::to_string(i)), value[i],
                           "no item twice (item " + std::to_string(other) + " is the same)");
      }
      same.push_back(i);
    }
  }

  void check_object(const Node& node, const Json& value, const std::string& pointer, std::size_t depth) {
    for (const std::string& name : node.required) {
      step();
      if (!full() && !value.contains(name))
        violations_.push_back({append_pointer(pointer, name), "nothing", "a value"});
    }
    if (node.min_properties && value.size() < *node.min_properties)
      violation(pointer, value, "at least " + amount(*node.min_properties, "member"));
    if (node.max_properties && value.size() > *node.max_properties)
      return violation(pointer, value, "at most " + amount(*node.max_properties, "member"));
    for (auto member = value.begin(); member != value.end() && !full(); ++member) {
      const std::string& name = member.key();
      bool known = false;
      if (const auto property = node.properties.find(name); property != node.properties.end()) {
        known = true;
        check(property->second, member.value(), append_pointer(pointer, name), depth + 1);
      }
      for (const PatternNode& pattern : node.pattern_properties) {
        step();
        if (full() || !RE2::PartialMatch(name, *pattern.expression)) continue;
        known = true;
        check(pattern.node, member.value(), append_pointer(pointer, name), depth + 1);
      }
      if (known || !node.additional_properties) continue;
      const Node& rest = program_.nodes[*node.additional_properties];
      if (rest.boolean == false) {
        violation(append_pointer(pointer, name.substr(0, 80)), member.value(),
                  "no such member, only " + names(node));
      } else {
        check(*node.additional_properties, member.value(), append_pointer(pointer, name), depth + 1);
      }
    }
  }

  static std::string names(const Node& node) {
    std::string words;
    for (const auto& [name, index] : node.properties) {
      if (words.size() > 200) return words + ", …";
      words += (words.empty() ? "" : ", ") + name;
    }
    return words.empty() ? "none" : words;
  }

  void check_combinations(const Node& node, const Json& value, const std::string& pointer,
                          std::size_t depth) {
    if (node.reference) check(*node.reference, value, pointer, depth + 1);
    for (const NodeIndex child : node.all_of) check(child, value, pointer, depth + 1);
    if (!full() && node.not_ && trial(*node.not_, value, pointer, depth + 1).empty() && !exhausted_)
      violation(pointer, value, "none of what `not` describes");
    if (!full() && !node.any_of.empty()) check_any(node, value, pointer, depth);
    if (!full() && !node.one_of.empty()) check_one(node, value, pointer, depth);
  }

  // The alternative that fails deepest is most likely the one that was meant.
  void check_any(const Node& node, const Json& value, const std::string& pointer, std::size_t depth) {
    std::optional<Violation> nearest;
    for (const NodeIndex child : node.any_of) {
      auto found = trial(child, value, pointer, depth + 1);
      if (exhausted_ || found.empty()) return;
      if (!nearest || found.front().pointer.size() > nearest->pointer.size()) nearest = found.front();
    }
    tell_none("anyOf", node.any_of.size(), *nearest, value, pointer);
  }

  void check_one(const Node& node, const Json& value, const std::string& pointer, std::size_t depth) {
    std::optional<Violation> nearest;
    std::size_t matches = 0;
    for (const NodeIndex child : node.one_of) {
      auto found = trial(child, value, pointer, depth + 1);
      if (exhausted_) return;
      if (found.empty()) {
        ++matches;
      } else if (!nearest || found.front().pointer.size() > nearest->pointer.size()) {
        nearest = found.front();
      }
    }
    if (matches == 0) tell_none("oneOf", node.one_of.size(), *nearest, value, pointer);
    if (matches > 1)
      violation(pointer, value,
                "exactly one of the " + std::to_string(node.one_of.size()) + " alternatives of oneOf, not " +
                    std::to_string(matches));
  }

  void tell_none(std::string_view keyword, std::size_t count, const Violation& nearest, const Json& value,
                 const std::string& pointer) {
    violation(pointer, value,
              "one of the " + amount(count, "alternative") + " of " + std::string(keyword) +
                  " (nearest: " + nearest.to_string() + ")");
  }

  const JsonSchema::Program& program_;
  std::size_t max_;
  std::size_t steps_ = 0;
  bool exhausted_ = false;
  std::vector<Violation> violations_;
};

}  // namespace

std::string Violation::to_string() const {
  return (pointer.empty() ? "" : pointer + ": ") + "found " + found + ", allowed " + allowed;
}

std::vector<Violation> JsonSchema::validate(const Json& value, std::size_t max_violations) const {
  return Validator(*program_, std::max<std::size_t>(max_violations, 1)).run(value);
}

}  // namespace llmops::schema
