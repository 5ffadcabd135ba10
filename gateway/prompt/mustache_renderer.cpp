#include "gateway/prompt/mustache.hpp"
#include "gateway/prompt/node_renderer.hpp"

namespace llmops::gateway::mustache {
namespace {

class Renderer : public NodeRenderer<Renderer, Node> {
 public:
  using NodeRenderer::NodeRenderer;

  Result<void> render_node(const Node& node) {
    switch (node.kind) {
      case Node::Kind::Text:
        return write(node.text, false);
      case Node::Kind::Partial:
        return render(node.body);
      case Node::Kind::Value:
        return write(look_up(node.path));
      case Node::Kind::Inverted:
        return holds(look_up(node.path)) ? Result<void>() : render(node.body);
      case Node::Kind::Section:
        return section(node);
    }
    return {};
  }

 private:
  Result<void> section(const Node& node) {
    const Value value = look_up(node.path);
    if (!holds(value)) return {};
    if (!value.json->is_array()) return inside(value, node.body);
    for (const Json& item : *value.json)
      if (auto done = inside({&item, value.foreign}, node.body); !done.ok()) return done;
    return {};
  }

  Result<void> inside(const Value& value, const std::vector<Node>& body) {
    if (!budget_.step()) return budget_.error();
    context_.push_back(value);
    auto done = render(body);
    context_.pop_back();
    return done;
  }

  // An empty object is something to go into, unlike in Jinja.
  static bool holds(const Value& value) {
    return is_true(value) || (!value.undefined() && value.json->is_object());
  }

  // The innermost value that has the first name; what follows a dot must be there.
  Value look_up(const std::vector<std::string>& path) const {
    if (path.empty()) return context_.empty() ? Value{} : context_.back();
    Value value;
    for (auto frame = context_.rbegin(); frame != context_.rend() && value.undefined(); ++frame)
      value = member_of(*frame, path.front());
    if (value.undefined())
      if (const auto variable = variables_.find(path.front()); variable != variables_.end())
        value = variable->second;
    for (std::size_t i = 1; i < path.size(); ++i) value = member_of(value, path[i]);
    return value;
  }

  std::vector<Value> context_;
};

}  // namespace

Result<void> render(const std::vector<Node>& nodes, const Variables& variables, RenderBudget& budget,
                    RenderedText& out) {
  return Renderer(variables, budget, out).render(nodes);
}

}  // namespace llmops::gateway::mustache
