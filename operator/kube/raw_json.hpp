// Texts of values inside a JSON text, without building a tree: a list of thousands of objects is cut into
// items, and each item becomes a tree (or a projection) on its own.
//
// Only structure is looked at. Whoever uses a text parses it, and that parser says what is wrong with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmops::kube {

// The text of the member `name` of the object `text`; nullopt when absent or when `text` is not an object.
std::optional<std::string_view> raw_member(std::string_view text, std::string_view name);

// The texts of the elements of the array `text`; nullopt when it is not an array.
std::optional<std::vector<std::string_view>> raw_elements(std::string_view text);

// The string at a path of members ({"metadata", "resourceVersion"}); empty when absent, not a string, or
// written with escapes (versions, kinds and names never are).
std::string raw_string_at(std::string_view text, std::initializer_list<std::string_view> path);

}  // namespace llmops::kube
