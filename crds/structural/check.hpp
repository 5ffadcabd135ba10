// What an API server finds in an object that is created, without the API server.
//
// The order and the words are those of kube-apiserver (apiextensions v1, field validation `Strict`): fields
// that no schema knows; types, bounds, patterns and required fields; metadata; lists that are sets or maps;
// then the CEL rules, unless something is of a wrong type, missing, too long, too many or none of an enum. A
// status counts as dropped, as in a create, but for fields that nobody knows. Members that are null count as
// absent. Not looked at: the syntax of labels and annotations, and transition rules (with oldSelf).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crds/base/json.hpp"
#include "crds/structural/schema.hpp"

namespace llmops::structural {

struct Finding {
  std::string field;    // "spec.offline.metrics[0].name", as FieldPath writes it; empty: the whole object
  std::string message;  // without the field: "Required value", or `unknown field "spec.replica", …`
};

struct Check {
  std::vector<Finding> findings;  // empty: an API server takes it
  bool rules_checked = true;      // false: other findings stood before the CEL rules
};

// Whether apiVersion and kind belong to `schema` is the caller's to know.
Check check_object(const Json& object, const Schema& schema);

// The one of `known` that `name` was perhaps to be: at most a third of its letters, at least one, are other
// ones. Empty: none is so near.
std::string_view nearest_name(std::string_view name, const std::vector<std::string_view>& known);

}  // namespace llmops::structural
