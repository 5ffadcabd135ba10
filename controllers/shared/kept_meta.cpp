#include "controllers/shared/kept_meta.hpp"

#include <string_view>

#include "crds/base/names.hpp"

namespace llmops::controllers {
namespace {

bool is_ours(std::string_view key) {
  return key.starts_with(names::kGroup) && key.substr(names::kGroup.size()).starts_with('/');
}

}  // namespace

kube::ObjectMeta kept_meta(const Json& object) {
  kube::ObjectMeta meta = kube::parse_meta(object);
  meta.labels = meta.labels.only(is_ours);
  meta.annotations = meta.annotations.only(is_ours);
  return meta;
}

}  // namespace llmops::controllers
