#include "controllers/shared/kept_meta.hpp"

#include <map>
#include <string>

#include "crds/base/names.hpp"

namespace llmops::controllers {
namespace {

void keep_ours(std::map<std::string, std::string>& entries) {
  std::erase_if(entries, [](const auto& entry) {
    const std::string& key = entry.first;
    return !key.starts_with(names::kGroup) || key.size() == names::kGroup.size() ||
           key[names::kGroup.size()] != '/';
  });
}

}  // namespace

kube::ObjectMeta kept_meta(const Json& object) {
  kube::ObjectMeta meta = kube::parse_meta(object);
  keep_ours(meta.labels);
  keep_ours(meta.annotations);
  return meta;
}

}  // namespace llmops::controllers
