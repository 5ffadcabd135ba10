// What filters, tests and comparisons do.
#pragma once

#include <deque>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"
#include "gateway/prompt/jinja_syntax.hpp"
#include "gateway/prompt/rendering.hpp"

namespace llmops::gateway::jinja {

// Values that a rendering makes, alive until its end.
class Made {
 public:
  Value keep(Json json, bool foreign) { return {&values_.emplace_back(std::move(json)), foreign}; }

 private:
  std::deque<Json> values_;
};

// `step` is a filter; `arguments` are its evaluated arguments. Errors: "byte N: filter join: found …".
Result<Value> apply_filter(const Step& step, const Value& value, const std::vector<Value>& arguments,
                           RenderBudget& budget, Made& made);

bool passes(Test test, const Value& value);

Result<bool> compare(Comparison comparison, const Value& left, const Value& right, std::size_t byte,
                     RenderBudget& budget);

}  // namespace llmops::gateway::jinja
