// Objects that a real API server accepts: one plain one of each kind that we speak to, and ways to change it.
#pragma once

#include <vector>

#include "crds/base/json.hpp"
#include "operator/kube/resource.hpp"

namespace llmops::conformance {

// The kinds that the programs write; in order of how often they are chosen.
const std::vector<const kube::ResourceType*>& kinds();

// Without metadata.
Json plain_object(const kube::ResourceType& type);

// Changes what the object says (its spec, data, rules, …) to one of three contents.
void set_content(const kube::ResourceType& type, Json& object, int content);

// One of three statuses of a kind of ours.
Json status_of(const kube::ResourceType& type, int content);

bool is_ours(const kube::ResourceType& type);
bool has_scale(const kube::ResourceType& type);

}  // namespace llmops::conformance
