// Reads Prompty's published subset of Jinja2 (spec/jinja-subset.md of microsoft/prompty).
//
// Read: {{ expression }}, if/elif/else, for/else with loop.index index0 first last length, comments, raw,
// include "name", and the white space control {%- -%} {{- -}} {#- -#}; expressions of names, x.name, x[key],
// texts, numbers, true false none, lists, == != < <= > >=, in, not in, and, or, not, filters and tests.
// Refused with the byte: calls, arithmetic, set, macros, inheritance, keyword arguments, and names that begin
// with two underscores. trim_blocks and lstrip_blocks are off; every other byte stays as it is.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"
#include "gateway/prompt/jinja_syntax.hpp"
#include "gateway/prompt/rendering.hpp"

namespace llmops::gateway::jinja {

struct Document {
  std::vector<Node> nodes;
  std::vector<NameUse> names;  // that no loop of the template binds
};

// What stands for {% include "name" %}.
using Include = std::function<Result<Document>(const std::string& name)>;

// Errors: InvalidArgument "byte N: …"; those of `include`.
Result<Document> parse(std::string_view source, const Include& include);

}  // namespace llmops::gateway::jinja
