#include <re2/re2.h>

#include <algorithm>
#include <limits>

#include "crds/cel/cel.hpp"
#include "crds/cel/expression.hpp"
#include "crds/cel/functions.hpp"
#include "crds/cel/parser.hpp"

namespace llmops::cel {
namespace {

Error failed(std::string message) {
  return {ErrorCode::InvalidArgument, std::move(message)};
}

// Variables by name, the innermost first.
struct Scope {
  const Scope* outer = nullptr;
  std::string_view name;
  const Value* value = nullptr;
};

class Evaluation {
 public:
  Result<Value> of(const Expression& expression, const Scope& scope) {
    if (++steps_ > kMaxSteps) return too_many_steps();
    switch (expression.operation) {
      case Operation::Literal:
        return expression.literal;
      case Operation::Variable:
        return variable(expression.name, scope);
      case Operation::And:
      case Operation::Or:
        return joined(expression, scope);
      case Operation::Conditional:
        return conditional(expression, scope);
      case Operation::All:
      case Operation::Exists:
        return quantified(expression, scope);
      case Operation::ExistsOne:
      case Operation::Filter:
      case Operation::Transform:
        return gathered(expression, scope);
      default:
        return strict(expression, scope);
    }
  }

 private:
  static Error too_many_steps() {
    return {ErrorCode::TooLarge,
            "found more than " + std::to_string(kMaxSteps) + " steps, allowed at most so many"};
  }

  // Operations that need all of their operands.
  Result<Value> strict(const Expression& expression, const Scope& scope) {
    std::vector<Value> operands;
    operands.reserve(expression.operands.size());
    for (const Expression& part : expression.operands) {
      auto value = of(part, scope);
      if (!value) return value;
      operands.push_back(std::move(*value));
    }
    switch (expression.operation) {
      case Operation::Select:
      case Operation::Has:
        return field(expression, operands[0]);
      case Operation::Index:
        return element(operands);
      case Operation::MakeList:
        return Value::of(std::move(operands));
      case Operation::MakeMap:
        return map_of(operands);
      case Operation::Not:
        if (operands[0].boolean() == nullptr) return no_overload("!", operands);
        return Value::of(!*operands[0].boolean());
      case Operation::Negate:
        return subtract(operands[0].number() != nullptr ? Value::of(0.0) : Value::of(std::int64_t{0}),
                        operands[0]);
      case Operation::Equal:
        return Value::of(equal(operands[0], operands[1]));
      case Operation::NotEqual:
        return Value::of(!equal(operands[0], operands[1]));
      case Operation::In:
        return contained(operands);
      case Operation::Add:
        return add(operands[0], operands[1]);
      case Operation::Subtract:
        return subtract(operands[0], operands[1]);
      case Operation::Call:
        return expression.function->call(operands);
      case Operation::Matches:
        if (operands[0].text() == nullptr) return no_overload("matches", operands);
        return Value::of(re2::RE2::PartialMatch(*operands[0].text(), *expression.pattern));
      default:
        return ordered(expression.operation, operands);
    }
  }

  static Result<Value> variable(std::string_view name, const Scope& scope) {
    for (const Scope* at = &scope; at != nullptr; at = at->outer)
      if (at->name == name) return *at->value;
    return failed("no such variable: " + std::string(name));
  }

  static Result<Value> field(const Expression& expression, const Value& object) {
    if (object.map() == nullptr)
      return failed("." + expression.name + " does not take " + std::string(object.type_name()));
    const auto found = object.map()->find(expression.name);
    if (expression.operation == Operation::Has) return Value::of(found != object.map()->end());
    if (found == object.map()->end()) return failed("no such key: " + expression.name);
    return found->second;
  }

  static Result<Value> element(const std::vector<Value>& operands) {
    const Value &object = operands[0], &index = operands[1];
    if (object.list() != nullptr && index.integer() != nullptr) {
      if (*index.integer() < 0 || static_cast<std::size_t>(*index.integer()) >= object.list()->size())
        return failed("index out of bounds: " + std::to_string(*index.integer()));
      return (*object.list())[static_cast<std::size_t>(*index.integer())];
    }
    if (object.map() == nullptr || index.text() == nullptr) return no_overload("[]", operands);
    const auto found = object.map()->find(*index.text());
    if (found == object.map()->end()) return failed("no such key: " + *index.text());
    return found->second;
  }

  static Result<Value> map_of(const std::vector<Value>& operands) {
    Map map;
    for (std::size_t i = 0; i + 1 < operands.size(); i += 2) {
      if (operands[i].text() == nullptr) return failed("found a key that is no text, allowed texts");
      if (!map.emplace(*operands[i].text(), operands[i + 1]).second)
        return failed("found key " + *operands[i].text() + " a second time, allowed once");
    }
    return Value::of(std::move(map));
  }

  static Result<Value> contained(const std::vector<Value>& operands) {
    if (operands[1].map() != nullptr)
      return Value::of(operands[0].text() != nullptr && operands[1].map()->contains(*operands[0].text()));
    if (operands[1].list() == nullptr) return no_overload("in", operands);
    for (const Value& one : *operands[1].list())
      if (equal(operands[0], one)) return Value::of(true);
    return Value::of(false);
  }

  static Result<Value> ordered(Operation operation, const std::vector<Value>& operands) {
    const auto order = compare(operands[0], operands[1]);
    if (!order) {
      if (is_number(operands[0]) && is_number(operands[1])) return Value::of(false);  // NaN
      return no_overload("a comparison", operands);
    }
    switch (operation) {
      case Operation::Less:
        return Value::of(*order < 0);
      case Operation::LessOrEqual:
        return Value::of(*order <= 0);
      case Operation::Greater:
        return Value::of(*order > 0);
      default:
        return Value::of(*order >= 0);
    }
  }

  // What grows costs as many steps as it is long: texts and lists could double with every word of a rule.
  Result<Value> add(const Value& left, const Value& right) {
    steps_ += (left.text() != nullptr ? left.text()->size() : 0) +
              (right.text() != nullptr ? right.text()->size() : 0) +
              (left.list() != nullptr ? left.list()->size() : 0) +
              (right.list() != nullptr ? right.list()->size() : 0);
    if (steps_ > kMaxSteps) return too_many_steps();
    if (left.text() != nullptr && right.text() != nullptr) return Value::of(*left.text() + *right.text());
    if (left.number() != nullptr && right.number() != nullptr)
      return Value::of(*left.number() + *right.number());
    if (left.list() != nullptr && right.list() != nullptr) {
      List both = *left.list();
      both.insert(both.end(), right.list()->begin(), right.list()->end());
      return Value::of(std::move(both));
    }
    std::int64_t sum = 0;
    if (left.integer() == nullptr || right.integer() == nullptr)
      return no_overload("+", std::vector<Value>{left, right});
    if (__builtin_add_overflow(*left.integer(), *right.integer(), &sum)) return failed("integer overflow");
    return Value::of(sum);
  }

  static Result<Value> subtract(const Value& left, const Value& right) {
    if (left.number() != nullptr && right.number() != nullptr)
      return Value::of(*left.number() - *right.number());
    std::int64_t difference = 0;
    if (left.integer() == nullptr || right.integer() == nullptr)
      return no_overload("-", std::vector<Value>{left, right});
    if (__builtin_sub_overflow(*left.integer(), *right.integer(), &difference))
      return failed("integer overflow");
    return Value::of(difference);
  }

  // && and ||: an operand that decides makes up for errors of the others, whichever comes first.
  Result<Value> joined(const Expression& expression, const Scope& scope) {
    const bool decides = expression.operation == Operation::Or;
    std::optional<Error> error;
    for (const Expression& part : expression.operands) {
      if (const auto truth = truth_of(part, scope); !truth)
        error = error.value_or(truth.error());
      else if (*truth == decides)
        return Value::of(decides);
    }
    if (error) return *error;
    return Value::of(!decides);
  }

  Result<bool> truth_of(const Expression& expression, const Scope& scope) {
    const auto value = of(expression, scope);
    if (!value) return value.error();
    if (value->boolean() == nullptr)
      return failed("found " + std::string(value->type_name()) + " where true or false is needed");
    return *value->boolean();
  }

  Result<Value> conditional(const Expression& expression, const Scope& scope) {
    const auto truth = truth_of(expression.operands[0], scope);
    if (!truth) return truth.error();
    return of(expression.operands[*truth ? 1 : 2], scope);
  }

  // The elements of a list, the keys of a map.
  Result<List> range_of(const Expression& expression, const Scope& scope) {
    const auto range = of(expression.operands[0], scope);
    if (!range) return range.error();
    if (range->list() != nullptr) return *range->list();
    if (range->map() == nullptr) return failed("a macro does not take " + std::string(range->type_name()));
    List keys;
    for (const auto& [key, value] : *range->map()) keys.push_back(Value::of(key));
    return keys;
  }

  Result<Value> quantified(const Expression& expression, const Scope& scope) {
    const bool decides = expression.operation == Operation::Exists;
    const auto range = range_of(expression, scope);
    if (!range) return range.error();
    std::optional<Error> error;
    for (const Value& one : *range) {
      if (const auto truth = truth_of(expression.operands[1], {&scope, expression.name, &one}); !truth)
        error = error.value_or(truth.error());
      else if (*truth == decides)
        return Value::of(decides);
    }
    if (error) return *error;
    return Value::of(!decides);
  }

  Result<Value> gathered(const Expression& expression, const Scope& scope) {
    const auto range = range_of(expression, scope);
    if (!range) return range.error();
    const bool transforms = expression.operation == Operation::Transform;
    const bool has_condition = !transforms || expression.operands.size() == 3;
    List gathered;
    for (const Value& one : *range) {
      const Scope inner{&scope, expression.name, &one};
      if (has_condition) {
        const auto truth = truth_of(expression.operands[1], inner);
        if (!truth) return truth.error();
        if (!*truth) continue;
      }
      if (!transforms) {
        gathered.push_back(one);
        continue;
      }
      auto value = of(expression.operands.back(), inner);
      if (!value) return value;
      gathered.push_back(std::move(*value));
    }
    if (expression.operation == Operation::ExistsOne) return Value::of(gathered.size() == 1);
    return Value::of(std::move(gathered));
  }

  std::size_t steps_ = 0;
};

}  // namespace

Result<Program> Program::compile(std::string_view source, Language language) {
  auto parsed = parse_expression(source, language);
  if (!parsed) return parsed.error();
  return Program(std::make_shared<const Expression>(std::move(parsed->root)), std::move(parsed->called),
                 language, parsed->uses_old_self);
}

bool Program::calls(std::string_view function) const {
  return std::find(called_.begin(), called_.end(), function) != called_.end();
}

Result<Value> Program::evaluate(const Value& value) const {
  if (uses_old_self_) return failed("oldSelf: found no object before, allowed only in a change");
  return Evaluation().of(*root_, {nullptr, language_ == Language::Rules ? "self" : "result", &value});
}

}  // namespace llmops::cel
