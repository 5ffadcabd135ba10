// Renders a tree of jinja_syntax.hpp. The meaning of values is Prompty's (spec/jinja-grammar.md, §5): true
// and false in lower case, 1 for 1.0, nothing for null; what it leaves open is Python's.
//
// A member of something undefined is undefined; x.name never means a method; objects go by their names in
// order; an ordering of values of different kinds, or a loop over a number, is an error.
#pragma once

#include "crds/base/result.hpp"
#include "gateway/prompt/jinja_syntax.hpp"
#include "gateway/prompt/rendering.hpp"

namespace llmops::gateway::jinja {

// Appends to `out`. Errors: InvalidArgument "byte N: …", TooLarge for the budget.
Result<void> render(const std::vector<Node>& nodes, const Variables& variables, RenderBudget& budget,
                    RenderedText& out);

}  // namespace llmops::gateway::jinja
