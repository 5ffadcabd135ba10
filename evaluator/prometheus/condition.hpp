// A condition on what a query gave: CEL over `result` (crds/cel).
#pragma once

#include <string_view>

#include "crds/base/result.hpp"
#include "crds/cel/cel.hpp"
#include "evaluator/prometheus/answer.hpp"

namespace llmops::prometheus {

class Condition {
 public:
  // Errors: InvalidArgument "byte 7: found …, allowed …", TooLarge.
  static Result<Condition> compile(std::string_view text);

  // Errors: InvalidArgument: an index beyond the vector, an operation on other types, no truth value.
  Result<bool> holds(const Answer& answer) const;

  // Its author thought of an answer without series, and of values that are no numbers.
  bool asks_for_size() const { return program_.calls("size") || program_.calls("len"); }
  bool asks_for_nan() const { return program_.calls("isNaN"); }

 private:
  explicit Condition(cel::Program program) : program_(std::move(program)) {}
  cel::Program program_;
};

}  // namespace llmops::prometheus
