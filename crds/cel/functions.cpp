#include "crds/cel/functions.hpp"

#include <array>
#include <cmath>

namespace llmops::cel {
namespace {

using Arguments = std::span<const Value>;

Result<Value> size(Arguments arguments) {
  const Value& value = arguments[0];
  std::size_t count = 0;
  if (value.text() != nullptr)
    count = code_points(*value.text());
  else if (value.list() != nullptr)
    count = value.list()->size();
  else if (value.map() != nullptr)
    count = value.map()->size();
  else
    return no_overload("size", arguments);
  return Value::of(static_cast<std::int64_t>(count));
}

template <bool test(std::string_view, std::string_view)>
Result<Value> about_texts(Arguments arguments) {
  const std::string *text = arguments[0].text(), *part = arguments[1].text();
  if (text == nullptr || part == nullptr) return no_overload("a function of texts", arguments);
  return Value::of(test(*text, *part));
}

bool starts_with(std::string_view text, std::string_view part) {
  return text.starts_with(part);
}
bool ends_with(std::string_view text, std::string_view part) {
  return text.ends_with(part);
}
bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Result<Value> split(Arguments arguments) {
  const std::string *text = arguments[0].text(), *separator = arguments[1].text();
  if (text == nullptr || separator == nullptr) return no_overload("split", arguments);
  if (separator->empty())
    return Error{ErrorCode::InvalidArgument, "split: found an empty separator, allowed a text"};
  List parts;
  for (std::size_t start = 0; start <= text->size();) {
    const std::size_t end = std::min(text->find(*separator, start), text->size());
    parts.push_back(Value::of(text->substr(start, end - start)));
    start = end + separator->size();
    if (end == text->size()) break;
  }
  return Value::of(std::move(parts));
}

Result<Value> is_sorted(Arguments arguments) {
  const List* list = arguments[0].list();
  if (list == nullptr) return no_overload("isSorted", arguments);
  for (std::size_t i = 1; i < list->size(); ++i) {
    const auto ordered = compare((*list)[i - 1], (*list)[i]);
    if (!ordered) return no_overload("isSorted", std::span(*list).subspan(i - 1, 2));
    if (*ordered > 0) return Value::of(false);
  }
  return Value::of(true);
}

Result<Value> duration(Arguments arguments) {
  if (arguments[0].text() == nullptr) return no_overload("duration", arguments);
  const auto parsed = parse_duration(*arguments[0].text());
  if (!parsed) return with_context(parsed.error(), "duration");
  return Value::of(*parsed);
}

// An integer is a number too, and neither of the two.
template <bool test(double)>
Result<Value> about_number(Arguments arguments) {
  if (!is_number(arguments[0])) return no_overload("a function of numbers", arguments);
  return Value::of(arguments[0].number() != nullptr && test(*arguments[0].number()));
}

bool is_nan(double number) {
  return std::isnan(number);
}
bool is_infinite(double number) {
  return std::isinf(number);
}

constexpr std::array<Function, 11> kFunctions{{{"size", false, 1, size},
                                               {"size", true, 1, size},
                                               {"startsWith", true, 2, about_texts<starts_with>},
                                               {"endsWith", true, 2, about_texts<ends_with>},
                                               {"contains", true, 2, about_texts<contains>},
                                               {"split", true, 2, split},
                                               {"isSorted", true, 1, is_sorted},
                                               {"duration", false, 1, duration},
                                               {"len", false, 1, size, false},
                                               {"isNaN", false, 1, about_number<is_nan>, false},
                                               {"isInf", false, 1, about_number<is_infinite>, false}}};

}  // namespace

const Function* find_function(std::string_view name, bool is_method, std::size_t arguments,
                              Language language) {
  for (const Function& function : kFunctions)
    if (function.name == name && function.is_method == is_method && function.arguments == arguments &&
        (function.of_rules || language == Language::Conditions))
      return &function;
  return nullptr;
}

std::string function_names(Language language) {
  std::string names = "has(), .matches()";
  for (const Function& function : kFunctions)
    if (function.of_rules || language == Language::Conditions)
      names += std::string(", ") + (function.is_method ? "." : "") + std::string(function.name) + "()";
  return names;
}

Error no_overload(std::string_view operation, std::span<const Value> arguments) {
  std::string types;
  for (const Value& value : arguments) types += (types.empty() ? "" : ", ") + std::string(value.type_name());
  return {ErrorCode::InvalidArgument, std::string(operation) + " does not take " + types};
}

}  // namespace llmops::cel
