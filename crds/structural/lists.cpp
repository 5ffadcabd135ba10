#include <set>

#include "crds/structural/walk.hpp"

namespace llmops::structural {
namespace {

// What makes an element one of its own: itself in a set, its keys in a map.
Json identity_of(const Json& element, const Schema& list) {
  if (list.list_type == ListType::Set) return element;
  Json keys = Json::object();
  for (const std::string& key : list.keys)
    if (element.is_object() && element.contains(key)) keys[key] = element[key];
  return keys;
}

void check_list(const Json& list, const Schema& schema, const FieldPath& at, std::vector<Finding>& findings) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (schema.list_type != ListType::Atomic)
      if (const std::string identity = canonical_json(identity_of(list[i], schema));
          !seen.insert(identity).second)
        findings.push_back({at.index(i).to_string(), "Duplicate value: " + identity});
    if (schema.items != nullptr) check_lists(list[i], *schema.items, at.index(i), findings);
  }
}

}  // namespace

void check_lists(const Json& value, const Schema& schema, const FieldPath& at,
                 std::vector<Finding>& findings) {
  if (value.is_array() && schema.type == Type::Array) check_list(value, schema, at, findings);
  if (!value.is_object()) return;
  for (const auto& [name, member] : value.items())
    if (const Schema* known = schema.member(name); known != nullptr)
      check_lists(member, *known, at.member(name), findings);
}

}  // namespace llmops::structural
