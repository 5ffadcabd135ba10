#include "cli/tree.hpp"

#include "cli/table.hpp"

namespace llmops::cli {
namespace {

void add(Table& table, const TreeNode& node, const std::string& lead, const std::string& below) {
  table.add({lead + node.name, node.kind, node.status, node.age, node.info});
  for (const TreeNode& child : node.children) {
    const bool last = &child == &node.children.back();
    add(table, child, below + (last ? "└──" : "├──"), below + (last ? "   " : "│  "));
  }
}

}  // namespace

std::string tree_text(const TreeNode& root) {
  Table table({"NAME", "KIND", "STATUS", "AGE", "INFO"});
  add(table, root, "", "");
  return table.text();
}

}  // namespace llmops::cli
