// How kinds differ in what the API server does with them.
#pragma once

#include <string_view>

#include "crds/base/json.hpp"
#include "operator/kube/resource.hpp"

namespace llmops::simulation {

// The kinds that are served; null for others.
const kube::ResourceType* find_type(std::string_view group, std::string_view version,
                                    std::string_view plural);
// The table's own entry: types come as copies, and maps are keyed by its address.
const kube::ResourceType& canonical(const kube::ResourceType& type);

bool has_status(const kube::ResourceType& type);
bool has_scale(const kube::ResourceType& type);
// A PUT of an object that is not there makes it.
bool is_created_by_update(const kube::ResourceType& type);
// A PUT without metadata.resourceVersion is refused.
bool needs_version(const kube::ResourceType& type);
// A delete answers with the object instead of a Status.
bool is_answered_by_object(const kube::ResourceType& type);
// What a new object of this kind has for a status; null: none.
Json first_status(const kube::ResourceType& type);

}  // namespace llmops::simulation
