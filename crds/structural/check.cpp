#include "crds/structural/check.hpp"

#include "crds/structural/walk.hpp"

namespace llmops::structural {
namespace {

// No schema of ours has `nullable`: the API server drops such members before it looks at them.
void drop_nulls(Json& value, const Schema& schema) {
  if (value.is_array() && schema.items != nullptr)
    for (Json& element : value) drop_nulls(element, *schema.items);
  if (!value.is_object()) return;
  for (auto member = value.begin(); member != value.end();) {
    const Schema* known = schema.member(member.key());
    if (known != nullptr && member->is_null()) {
      member = value.erase(member);
      continue;
    }
    if (known != nullptr) drop_nulls(*member, *known);
    ++member;
  }
}

}  // namespace

Check check_object(const Json& object, const Schema& schema) {
  Check check;
  if (!object.is_object()) {
    check.findings.push_back(of_wrong_type({}, "object", json_type(object)));
    return check;
  }
  find_unknown_fields(object, schema, check.findings);
  Json created = object;
  created.erase("status");
  drop_nulls(created, schema);
  const bool by_values = check_values(created, schema, {}, check.findings);
  const bool by_metadata = check_metadata(created, check.findings);
  check_lists(created, schema, {}, check.findings);
  check.rules_checked = !by_values && !by_metadata;
  if (check.rules_checked) check_rules(created, schema, check.findings);
  return check;
}

}  // namespace llmops::structural
