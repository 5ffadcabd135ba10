// The parts of check_object(). Each adds to `findings`.
#pragma once

#include <vector>

#include "crds/base/json.hpp"
#include "crds/structural/check.hpp"
#include "crds/structural/schema.hpp"

namespace llmops::structural {

// Fields that the schema does not know; members of metadata are not its business.
void find_unknown_fields(const Json& object, const Schema& schema, std::vector<Finding>& findings);

// Name, namespace, labels and annotations, and unknown members of metadata. True: CEL must not run.
bool check_metadata(const Json& object, std::vector<Finding>& findings);

// Types, bounds, patterns, enums, required fields. True: CEL must not run.
bool check_values(const Json& value, const Schema& schema, const FieldPath& at,
                  std::vector<Finding>& findings);

// Elements that a set or a list with keys has twice.
void check_lists(const Json& value, const Schema& schema, const FieldPath& at,
                 std::vector<Finding>& findings);

// The CEL rules of an object without other blocking findings.
void check_rules(const Json& object, const Schema& schema, std::vector<Finding>& findings);

// "object", "array", "string", "integer", "number", "boolean" or "null".
std::string_view json_type(const Json& value);

// `Invalid value: 65: spec.port in body <demand>`.
Finding invalid(const FieldPath& at, const Json& value, const std::string& demand);
// `Invalid value: "string": spec.port in body must be of type integer: "string"`.
Finding of_wrong_type(const FieldPath& at, std::string_view wanted, std::string_view found);

}  // namespace llmops::structural
