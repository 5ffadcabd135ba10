#include "operator/kube/path.hpp"

#include "operator/platform/http.hpp"

namespace llmops::kube {

std::string collection_path(const ResourceType& type, std::string_view ns) {
  std::string path = type.group.empty() ? "/api/" : "/apis/" + percent_encode(type.group) + "/";
  path += percent_encode(type.version);
  if (type.namespaced && !ns.empty()) path += "/namespaces/" + percent_encode(ns);
  return path + "/" + percent_encode(type.plural);
}

std::string object_path(const ResourceType& type, const ObjectKey& key, std::string_view subresource) {
  std::string path = collection_path(type, key.ns) + "/" + percent_encode(key.name);
  if (!subresource.empty()) path += "/" + percent_encode(subresource);
  return path;
}

std::string query_string(const std::vector<std::pair<std::string_view, std::string>>& parameters) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    query += query.empty() ? '?' : '&';
    query += percent_encode(name) + "=" + percent_encode(value);
  }
  return query;
}

}  // namespace llmops::kube
