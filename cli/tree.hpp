// A tree of objects in columns: NAME KIND STATUS AGE INFO.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llmops::cli {

struct TreeNode {
  std::string name, kind, status, age, info;
  std::vector<TreeNode> children;
};

std::string tree_text(const TreeNode& root);

}  // namespace llmops::cli
