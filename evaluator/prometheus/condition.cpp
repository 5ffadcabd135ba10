#include "evaluator/prometheus/condition.hpp"

#include <utility>

namespace llmops::prometheus {

Result<Condition> Condition::compile(std::string_view text) {
  auto program = cel::Program::compile(text, cel::Language::Conditions);
  if (!program) return program.error();
  return Condition(std::move(*program));
}

Result<bool> Condition::holds(const Answer& answer) const {
  cel::List list;
  for (const double value : answer.values) list.push_back(cel::Value::of(value));
  const auto value = program_.evaluate(answer.is_scalar ? cel::Value::of(answer.values.front())
                                                        : cel::Value::of(std::move(list)));
  if (!value) return value.error();
  if (value->boolean() == nullptr)
    return Error{ErrorCode::InvalidArgument,
                 "found " + std::string(value->type_name()) + ", allowed true or false"};
  return *value->boolean();
}

}  // namespace llmops::prometheus
