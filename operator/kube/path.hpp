// Paths of the API server: /apis/<group>/<version>/namespaces/<ns>/<plural>/<name>/<subresource>.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/kube/resource.hpp"

namespace llmops::kube {

// The collection; `ns` empty: all namespaces. Every part is percent-encoded.
std::string collection_path(const ResourceType& type, std::string_view ns);

std::string object_path(const ResourceType& type, const ObjectKey& key, std::string_view subresource = {});

// "?a=1&b=2" of the pairs whose value is not empty; empty when there are none.
std::string query_string(const std::vector<std::pair<std::string_view, std::string>>& parameters);

}  // namespace llmops::kube
