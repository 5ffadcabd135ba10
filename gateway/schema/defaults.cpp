#include "gateway/schema/program.hpp"

namespace llmops::schema {
namespace {

constexpr std::size_t kMaxAddedBytes = 1u << 20;

class Filler {
 public:
  explicit Filler(const JsonSchema::Program& program) : program_(program) {}

  void fill(NodeIndex index, Json& value, std::size_t depth) {
    if (depth > kMaxValidationDepth || ++steps_ > kMaxValidationSteps) return;
    const Node& node = program_.nodes[index];
    if (node.reference) fill(*node.reference, value, depth + 1);
    if (value.is_object()) {
      for (const auto& [name, child] : node.properties) {
        auto member = value.find(name);
        if (member == value.end()) {
          // A default stands as it is written: filled up further, one that refers to itself would grow.
          const Json* standard = default_of(child);
          if (!standard) continue;
          added_ += dump_json(*standard).size();
          if (added_ > kMaxAddedBytes) return;
          value[name] = *standard;
          continue;
        }
        fill(child, *member, depth + 1);
      }
    }
    if (value.is_array())
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (i < node.prefix_items.size()) {
          fill(node.prefix_items[i], value[i], depth + 1);
        } else if (node.items) {
          fill(*node.items, value[i], depth + 1);
        }
      }
  }

  const Json* default_of(NodeIndex index) const {
    for (std::size_t hops = 0; hops < kMaxSchemaDepth; ++hops) {
      const Node& node = program_.nodes[index];
      if (node.default_) return &*node.default_;
      if (!node.reference) return nullptr;
      index = *node.reference;
    }
    return nullptr;
  }

 private:
  const JsonSchema::Program& program_;
  std::size_t steps_ = 0;
  std::size_t added_ = 0;
};

}  // namespace

const Json* JsonSchema::default_value() const {
  return Filler(*program_).default_of(0);
}

void JsonSchema::add_defaults(Json& value) const {
  Filler(*program_).fill(0, value, 0);
}

}  // namespace llmops::schema
