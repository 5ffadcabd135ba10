// What the renderers of all template formats do alike: a step for each node, and text into the output.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/prompt/rendering.hpp"

namespace llmops::gateway {

// `Format` derives from it and has `Result<void> render_node(const Node&)`.
template <class Format, class Node>
class NodeRenderer {
 public:
  NodeRenderer(const Variables& variables, RenderBudget& budget, RenderedText& out)
      : variables_(variables), budget_(budget), out_(out) {}

  Result<void> render(const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
      if (!budget_.step()) return budget_.error();
      if (auto done = static_cast<Format*>(this)->render_node(node); !done.ok()) return done;
    }
    return {};
  }

 protected:
  Result<void> write(std::string_view text, bool foreign) {
    return append(out_, text, foreign, budget_) ? Result<void>() : Result<void>(budget_.error());
  }
  Result<void> write(const Value& value) {
    if (!value.undefined() && value.json->is_string())
      return write(value.json->get_ref<const std::string&>(), value.foreign);
    return write(text_of(value), value.foreign);
  }

  const Variables& variables_;
  RenderBudget& budget_;
  RenderedText& out_;
};

}  // namespace llmops::gateway
