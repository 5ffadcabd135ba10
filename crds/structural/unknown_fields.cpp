#include <algorithm>
#include <string>

#include "crds/structural/walk.hpp"

namespace llmops::structural {
namespace {

// Of Levenshtein: insertions, deletions and replacements of bytes.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t k = 0; k < row.size(); ++k) row[k] = k;
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t k = 0; k < right.size(); ++k) {
      const std::size_t replaced = diagonal + (left[i] == right[k] ? 0 : 1);
      diagonal = row[k + 1];
      row[k + 1] = std::min({replaced, row[k] + 1, row[k + 1] + 1});
    }
  }
  return row.back();
}

void find(const Json& value, const Schema& schema, const FieldPath& at, std::vector<Finding>& findings);

void find_in_object(const Json& object, const Schema& schema, const FieldPath& at,
                    std::vector<Finding>& findings) {
  for (const auto& [name, value] : object.items()) {
    const FieldPath here = at.member(name);
    if (const Schema* member = schema.member(name); member != nullptr) {
      find(value, *member, here, findings);
      continue;
    }
    if (schema.preserves_unknown) continue;
    std::vector<std::string_view> known;
    for (const auto& [field, ignored] : schema.properties) known.push_back(field);
    const std::string_view nearest = nearest_name(name, known);
    const std::string field = here.to_string();
    findings.push_back(
        {field, "unknown field \"" + field + "\"" +
                    (nearest.empty() ? std::string()
                                     : ", nearest known: \"" + at.member(nearest).to_string() + "\"")});
  }
}

void find(const Json& value, const Schema& schema, const FieldPath& at, std::vector<Finding>& findings) {
  if (value.is_object() && schema.type == Type::Object) find_in_object(value, schema, at, findings);
  if (!value.is_array() || schema.items == nullptr) return;
  for (std::size_t i = 0; i < value.size(); ++i) find(value[i], *schema.items, at.index(i), findings);
}

}  // namespace

std::string_view nearest_name(std::string_view name, const std::vector<std::string_view>& known) {
  std::string_view nearest;
  std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
  if (name.size() > 256) return nearest;
  for (const std::string_view one : known)
    if (const std::size_t apart = distance(name, one); apart < least) {
      least = apart;
      nearest = one;
    }
  return nearest;
}

void find_unknown_fields(const Json& object, const Schema& schema, std::vector<Finding>& findings) {
  Json without_metadata = object;
  without_metadata.erase("metadata");
  find(without_metadata, schema, {}, findings);
}

}  // namespace llmops::structural
