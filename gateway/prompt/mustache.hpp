// Mustache as its specification has it (github.com/mustache/spec), without lambdas, inheritance and dynamic
// names, and without HTML escaping: {{x}}, {{{x}}} and {{&x}} are the same.
//
// False are undefined, null, false, 0, "" and an empty list, as in mustache.js. Numbers, lists and objects
// are written as in the other format (template_value.hpp). A partial is an include of the prompt.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"
#include "gateway/prompt/rendering.hpp"

namespace llmops::gateway::mustache {

struct Node {
  enum class Kind { Text, Value, Section, Inverted, Partial };
  Kind kind = Kind::Text;
  std::string text;
  std::vector<std::string> path;  // empty: the value at hand, "."
  std::vector<Node> body;
  std::size_t byte = 0;
};

struct Document {
  std::vector<Node> nodes;
  std::vector<NameUse> names;         // outside of sections: inside, a name may belong to the section's value
  std::vector<std::string> mentions;  // everywhere
};

// What stands for {{>name}}; each of its lines begins with `indent`.
using Partial = std::function<Result<Document>(const std::string& name, const std::string& indent)>;

// Errors: InvalidArgument "byte N: …"; those of `partial`.
Result<Document> parse(std::string_view source, const Partial& partial);

// Appends to `out`. Errors: TooLarge for the budget.
Result<void> render(const std::vector<Node>& nodes, const Variables& variables, RenderBudget& budget,
                    RenderedText& out);

}  // namespace llmops::gateway::mustache
