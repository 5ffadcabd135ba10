// A small projection for the tests of caches.
#pragma once

#include <string>
#include <string_view>

#include "operator/kube/cache.hpp"

namespace llmops::kube {

struct CachedConfigMap {
  ObjectMeta meta;
  std::string value;
};

inline Result<CachedConfigMap> project_config_map(std::string_view raw) {
  const auto tree = parse_json(raw);
  if (!tree.ok()) return tree.error();
  CachedConfigMap object{parse_meta(*tree), string_at(*tree, "data.value")};
  if (object.value == "broken")
    return Error{ErrorCode::InvalidArgument, "data.value: found broken, allowed anything else"};
  return object;
}

}  // namespace llmops::kube
