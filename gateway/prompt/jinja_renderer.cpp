#include "gateway/prompt/jinja_renderer.hpp"

#include <optional>
#include <utility>

#include "gateway/prompt/jinja_operations.hpp"
#include "gateway/prompt/node_renderer.hpp"

namespace llmops::gateway::jinja {
namespace {

class Renderer : public NodeRenderer<Renderer, Node> {
 public:
  using NodeRenderer::NodeRenderer;

  Result<void> render_node(const Node& node) {
    switch (node.kind) {
      case Node::Kind::Text:
        return write(node.text, false);
      case Node::Kind::Output: {
        auto value = evaluate(node.expression);
        if (!value.ok()) return value.error();
        return write(*value);
      }
      case Node::Kind::If: {
        for (const Branch& branch : node.branches) {
          auto condition = evaluate(branch.condition);
          if (!condition.ok()) return condition.error();
          if (is_true(*condition)) return render(branch.body);
        }
        return render(node.otherwise);
      }
      case Node::Kind::For:
        return loop(node);
      case Node::Kind::Include: {
        // An include knows the prompt's variables, not the loops around it.
        auto outer = std::exchange(bound_, {});
        auto done = render(node.body);
        bound_ = std::move(outer);
        return done;
      }
    }
    return {};
  }

 private:
  struct Loop {
    std::size_t index = 0, length = 0;
  };

  Result<void> loop(const Node& node) {
    auto over = evaluate(node.expression);
    if (!over.ok()) return over.error();
    auto list = as_list(*over, node.expression.byte);
    if (!list.ok()) return list.error();
    if (list->undefined() || list->json->empty()) return render(node.otherwise);
    loops_.push_back({0, list->json->size()});
    const std::size_t outer = bound_.size();
    Result<void> done;
    for (std::size_t i = 0; i < list->json->size() && done.ok(); ++i) {
      loops_.back().index = i;
      done = bind(node, {&(*list->json)[i], list->foreign});
      if (done.ok()) done = render(node.body);
      bound_.resize(outer);
    }
    loops_.pop_back();
    return done;
  }

  Result<void> bind(const Node& node, const Value& item) {
    if (!budget_.step()) return budget_.error();
    if (node.targets.size() == 1) {
      bound_.emplace_back(node.targets[0], item);
      return {};
    }
    if (!item.json->is_array() || item.json->size() != node.targets.size())
      return at_byte(node.byte, "for: found " + std::string(kind_of(item)) + " for " + node.targets[0] +
                                    ", " + node.targets[1] + "; allowed pairs, as of | items");
    for (std::size_t i = 0; i < node.targets.size(); ++i)
      bound_.emplace_back(node.targets[i], Value{&(*item.json)[i], item.foreign});
    return {};
  }

  // What a loop goes over: items, the names of an object, the characters of a text.
  Result<Value> as_list(const Value& value, std::size_t byte) {
    if (value.undefined() || value.json->is_array()) return value;
    if (value.json->is_null()) return Value{};
    Json list = Json::array();
    if (value.json->is_object()) {
      for (auto member = value.json->begin(); member != value.json->end(); ++member)
        list.push_back(member.key());
    } else if (value.json->is_string()) {
      const auto& text = value.json->get_ref<const std::string&>();
      if (!budget_.step(text.size() * 16)) return budget_.error();
      for (std::size_t i = 0, size = 0; i < text.size(); i += size) {
        size = code_point_size(text, i);
        list.push_back(text.substr(i, size));
      }
    } else {
      return at_byte(byte, "for: found " + std::string(kind_of(value)) +
                               ", allowed a list, an object or a text; test it with {% if … %} first");
    }
    return made_.keep(std::move(list), value.foreign);
  }

  Result<Value> evaluate(const Expression& expression) {
    if (!budget_.step()) return budget_.error();
    auto value = base(expression);
    for (const Step& step : expression.steps) {
      if (!value.ok()) return value;
      if (!budget_.step()) return budget_.error();
      value = apply(step, *value);
    }
    return value;
  }

  Result<Value> base(const Expression& expression) {
    switch (expression.kind) {
      case Expression::Kind::Literal:
        return Value{&expression.literal, false};
      case Expression::Kind::Name:
        return look_up(expression.name);
      case Expression::Kind::Loop:
        return loop_value(expression.loop);
      case Expression::Kind::List:
        return list(expression);
      case Expression::Kind::Not: {
        auto value = evaluate(expression.operands[0]);
        if (!value.ok()) return value;
        return boolean(!is_true(*value));
      }
      case Expression::Kind::And:
      case Expression::Kind::Or: {
        // As in Python the deciding operand is the value.
        Result<Value> value = Value{};
        for (const Expression& operand : expression.operands) {
          value = evaluate(operand);
          if (!value.ok() || is_true(*value) == (expression.kind == Expression::Kind::Or)) return value;
        }
        return value;
      }
      case Expression::Kind::Compare:
        return chain(expression);
    }
    return Value{};
  }

  Value boolean(bool value) const {
    static const Json kTrue = true, kFalse = false;
    return {value ? &kTrue : &kFalse, false};
  }

  Value look_up(const std::string& name) const {
    for (auto bound = bound_.rbegin(); bound != bound_.rend(); ++bound)
      if (bound->first == name) return bound->second;
    const auto variable = variables_.find(name);
    return variable == variables_.end() ? Value{} : variable->second;
  }

  Value loop_value(LoopMember member) {
    const Loop& loop = loops_.back();
    switch (member) {
      case LoopMember::Index:
        return made_.keep(loop.index + 1, false);
      case LoopMember::Index0:
        return made_.keep(loop.index, false);
      case LoopMember::First:
        return boolean(loop.index == 0);
      case LoopMember::Last:
        return boolean(loop.index + 1 == loop.length);
      case LoopMember::Length:
        return made_.keep(loop.length, false);
    }
    return {};
  }

  Result<Value> list(const Expression& expression) {
    Json items = Json::array();
    bool foreign = false;
    for (const Expression& operand : expression.operands) {
      auto item = evaluate(operand);
      if (!item.ok()) return item;
      if (!item->undefined() && !budget_.step(dump_json(*item->json).size())) return budget_.error();
      items.push_back(item->undefined() ? Json() : *item->json);
      foreign = foreign || item->foreign;
    }
    return made_.keep(std::move(items), foreign);
  }

  Result<Value> chain(const Expression& expression) {
    auto left = evaluate(expression.operands[0]);
    if (!left.ok()) return left;
    for (std::size_t i = 0; i < expression.comparisons.size(); ++i) {
      auto right = evaluate(expression.operands[i + 1]);
      if (!right.ok()) return right;
      auto holds =
          compare(expression.comparisons[i], *left, *right, expression.operands[i + 1].byte, budget_);
      if (!holds.ok()) return holds.error();
      if (!*holds) return boolean(false);
      left = std::move(right);
    }
    return boolean(true);
  }

  Result<Value> apply(const Step& step, const Value& value) {
    switch (step.kind) {
      case Step::Kind::Member:
        return member_of(value, step.name);
      case Step::Kind::Test:
        return boolean(passes(step.test, value) != step.negated);
      case Step::Kind::Subscript:
      case Step::Kind::Filter: {
        std::vector<Value> arguments;
        for (const Expression& argument : step.arguments) {
          auto evaluated = evaluate(argument);
          if (!evaluated.ok()) return evaluated;
          arguments.push_back(*evaluated);
        }
        if (step.kind == Step::Kind::Filter) return apply_filter(step, value, arguments, budget_, made_);
        return arguments[0].undefined() ? Value{} : item_of(value, *arguments[0].json);
      }
    }
    return Value{};
  }

  Made made_;
  std::vector<std::pair<std::string_view, Value>> bound_;
  std::vector<Loop> loops_;
};

}  // namespace

Result<void> render(const std::vector<Node>& nodes, const Variables& variables, RenderBudget& budget,
                    RenderedText& out) {
  return Renderer(variables, budget, out).render(nodes);
}

}  // namespace llmops::gateway::jinja
