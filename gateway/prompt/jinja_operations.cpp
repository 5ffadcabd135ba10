#include "gateway/prompt/jinja_operations.hpp"

#include <optional>

namespace llmops::gateway::jinja {
namespace {

// One text that a filter makes may not be larger than all of the output.
bool fits(std::size_t bytes) {
  return bytes <= kMaxRenderedBytes;
}

const std::string* text_in(const Value& value) {
  return !value.undefined() && value.json->is_string() ? &value.json->get_ref<const std::string&>() : nullptr;
}

bool is_nothing(const Value& value) {
  return value.undefined() || value.json->is_null();
}

class FilterCall {
 public:
  FilterCall(const Step& step, const Value& value, const std::vector<Value>& arguments, RenderBudget& budget,
             Made& made)
      : step_(step), value_(value), arguments_(arguments), budget_(budget), made_(made) {
    for (const Value& argument : arguments_) foreign_ = foreign_ || argument.foreign;
    foreign_ = foreign_ || value_.foreign;
  }

  Result<Value> run() {
    switch (step_.filter) {
      case Filter::Upper:
        return text(upper_case(text_of(value_)));
      case Filter::Lower:
        return text(lower_case(text_of(value_)));
      case Filter::Trim: {
        const std::string whole = text_of(value_);
        return text(std::string(without_white_space_before(without_white_space_after(whole))));
      }
      case Filter::Join:
        return join();
      case Filter::Length:
        return length();
      case Filter::Default:
        return standard();
      case Filter::First:
        return end(true);
      case Filter::Last:
        return end(false);
      case Filter::Replace:
        return replace();
      case Filter::Items:
        return items();
      case Filter::ToJson:
        return to_json();
    }
    return value_;
  }

 private:
  Error wrong(std::string_view allowed) const {
    return at_byte(step_.byte, "filter " + step_.name + ": found " + std::string(kind_of(value_)) +
                                   ", allowed " + std::string(allowed));
  }
  Error too_long() const {
    return {ErrorCode::TooLarge, "byte " + std::to_string(step_.byte) + ": filter " + step_.name +
                                     ": makes a text of more than " + std::to_string(kMaxRenderedBytes) +
                                     " bytes; send shorter values"};
  }

  Result<Value> text(std::string made) {
    if (!fits(made.size())) return too_long();
    if (!budget_.step(made.size())) return budget_.error();
    return made_.keep(std::move(made), foreign_);
  }

  Result<Value> join() {
    const std::string separator = arguments_.empty() ? "" : text_of(arguments_[0]);
    std::string joined;
    const auto add = [&](std::string_view piece, bool first) {
      if (!first) joined += separator;
      joined += piece;
      return fits(joined.size());
    };
    if (is_nothing(value_)) return text("");
    if (const std::string* letters = text_in(value_)) {
      for (std::size_t i = 0, size = 0; i < letters->size(); i += size) {
        size = code_point_size(*letters, i);
        if (!add(std::string_view(*letters).substr(i, size), i == 0)) return too_long();
      }
    } else if (value_.json->is_array()) {
      for (std::size_t i = 0; i < value_.json->size(); ++i)
        if (!add(text_of({&(*value_.json)[i], false}), i == 0)) return too_long();
    } else if (value_.json->is_object()) {
      for (auto member = value_.json->begin(); member != value_.json->end(); ++member)
        if (!add(member.key(), member == value_.json->begin())) return too_long();
    } else {
      return wrong("a list");
    }
    return text(std::move(joined));
  }

  Result<Value> length() {
    if (is_nothing(value_)) return made_.keep(0, false);
    if (const std::string* letters = text_in(value_)) {
      if (!budget_.step(letters->size())) return budget_.error();
      return made_.keep(code_points(*letters), false);
    }
    if (!value_.json->is_structured()) return wrong("a list, an object or a text");
    return made_.keep(value_.json->size(), false);
  }

  Result<Value> standard() {
    const bool for_false = arguments_.size() > 1 && is_true(arguments_[1]);
    if (for_false ? is_true(value_) : !is_nothing(value_)) return value_;
    return arguments_.empty() ? made_.keep("", false) : arguments_[0];
  }

  Result<Value> end(bool first) {
    if (is_nothing(value_)) return Value{};
    if (const std::string* letters = text_in(value_)) {
      if (letters->empty()) return Value{};
      std::size_t start = first ? 0 : letters->size() - 1;
      while (start > 0 && (static_cast<unsigned char>((*letters)[start]) & 0xC0) == 0x80) --start;
      return text(letters->substr(start, code_point_size(*letters, start)));
    }
    if (!value_.json->is_array()) return wrong("a list or a text");
    if (value_.json->empty()) return Value{};
    return Value{first ? &value_.json->front() : &value_.json->back(), value_.foreign};
  }

  Result<Value> replace() {
    const std::string source = text_of(value_);
    const std::string from = text_of(arguments_[0]);
    const std::string to = text_of(arguments_[1]);
    if (from.empty())
      return at_byte(step_.byte,
                     "filter replace: found an empty text to replace, allowed a character or more");
    if (!budget_.step(source.size())) return budget_.error();
    std::string replaced;
    std::size_t copied = 0;
    for (std::size_t found = source.find(from); found != std::string::npos;
         found = source.find(from, copied)) {
      replaced.append(source, copied, found - copied);
      replaced += to;
      copied = found + from.size();
      if (!fits(replaced.size())) return too_long();
    }
    replaced.append(source, copied);
    return text(std::move(replaced));
  }

  Result<Value> items() {
    Json pairs = Json::array();
    if (!is_nothing(value_)) {
      if (!value_.json->is_object()) return wrong("an object");
      const std::size_t bytes = dump_json(*value_.json).size();
      if (!budget_.step(bytes)) return budget_.error();
      for (auto member = value_.json->begin(); member != value_.json->end(); ++member)
        pairs.push_back(Json::array({member.key(), member.value()}));
    }
    return made_.keep(std::move(pairs), value_.foreign);
  }

  Result<Value> to_json() {
    if (value_.undefined()) return wrong("a value");
    return text(json_text(*value_.json));
  }

  const Step& step_;
  const Value& value_;
  const std::vector<Value>& arguments_;
  RenderBudget& budget_;
  Made& made_;
  bool foreign_ = false;
};

Result<bool> contains(const Value& item, const Value& container, std::size_t byte, RenderBudget& budget) {
  const auto wrong = [&](std::string_view found, std::string_view allowed) {
    return at_byte(byte, "in: found " + std::string(found) + ", allowed " + std::string(allowed));
  };
  if (is_nothing(container)) return false;
  if (const std::string* text = text_in(container)) {
    const std::string* part = text_in(item);
    if (!part) return wrong(kind_of(item), "a text to look for in a text");
    if (!budget.step(text->size())) return budget.error();
    return text->find(*part) != std::string::npos;
  }
  if (container.json->is_object()) {
    const std::string* name = text_in(item);
    return name && container.json->contains(*name);
  }
  if (!container.json->is_array()) return wrong(kind_of(container), "a list, an object or a text behind in");
  if (item.undefined()) return false;
  for (const Json& element : *container.json) {
    if (!budget.step(element.is_structured() || element.is_string() ? dump_json(element).size() : 0))
      return budget.error();
    if (are_equal(*item.json, element)) return true;
  }
  return false;
}

// Less than 0, 0, more than 0; nothing for values that have no order.
std::optional<int> order(const Value& left, const Value& right) {
  if (left.undefined() || right.undefined()) return std::nullopt;
  const auto number = [](const Json& value) { return value.is_number() || value.is_boolean(); };
  const auto sign = [](auto a, auto b) { return a < b ? -1 : (b < a ? 1 : 0); };
  if (number(*left.json) && number(*right.json)) {
    if (left.json->is_number_integer() && right.json->is_number_integer())
      return sign(*left.json, *right.json);
    const auto value = [](const Json& json) {
      return json.is_boolean() ? double(json.get<bool>()) : json.get<double>();
    };
    return sign(value(*left.json), value(*right.json));
  }
  const std::string* a = text_in(left);
  const std::string* b = text_in(right);
  if (!a || !b) return std::nullopt;
  return sign(*a, *b);
}

}  // namespace

Result<Value> apply_filter(const Step& step, const Value& value, const std::vector<Value>& arguments,
                           RenderBudget& budget, Made& made) {
  return FilterCall(step, value, arguments, budget, made).run();
}

bool passes(Test test, const Value& value) {
  if (test == Test::Defined || test == Test::Undefined) return value.undefined() == (test == Test::Undefined);
  if (value.undefined()) return test == Test::Iterable || test == Test::Sequence;
  const Json& json = *value.json;
  switch (test) {
    case Test::None:
      return json.is_null();
    case Test::Text:
      return json.is_string();
    case Test::Number:
      return json.is_number() || json.is_boolean();
    case Test::Integer:
      return json.is_number_integer();
    case Test::Float:
      return json.is_number_float();
    case Test::Boolean:
      return json.is_boolean();
    case Test::True:
      return json.is_boolean() && json.get<bool>();
    case Test::False:
      return json.is_boolean() && !json.get<bool>();
    case Test::Mapping:
      return json.is_object();
    case Test::Sequence:
    case Test::Iterable:
      return json.is_structured() || json.is_string();
    default:
      return false;
  }
}

Result<bool> compare(Comparison comparison, const Value& left, const Value& right, std::size_t byte,
                     RenderBudget& budget) {
  if (comparison == Comparison::In || comparison == Comparison::NotIn) {
    auto found = contains(left, right, byte, budget);
    if (!found.ok()) return found;
    return *found == (comparison == Comparison::In);
  }
  if (comparison == Comparison::Equal || comparison == Comparison::NotEqual) {
    const bool equal = is_nothing(left) || is_nothing(right) ? is_nothing(left) && is_nothing(right)
                                                             : are_equal(*left.json, *right.json);
    const bool large = !left.undefined() && !right.undefined() && !left.json->is_number();
    if (large && !budget.step(left.json->is_string() ? left.json->get_ref<const std::string&>().size()
                                                     : 64 * left.json->size()))
      return budget.error();
    return equal == (comparison == Comparison::Equal);
  }
  const auto sign = order(left, right);
  if (!sign)
    return at_byte(byte, "found " + std::string(kind_of(left)) + " beside " + std::string(kind_of(right)) +
                             ", allowed two numbers or two texts: others have no order");
  switch (comparison) {
    case Comparison::Less:
      return *sign < 0;
    case Comparison::LessOrEqual:
      return *sign <= 0;
    case Comparison::Greater:
      return *sign > 0;
    default:
      return *sign >= 0;
  }
}

}  // namespace llmops::gateway::jinja
