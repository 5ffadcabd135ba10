#include "webhooks/rules/golden_set.hpp"

#include "crds/base/defaults.hpp"
#include "crds/base/reasons.hpp"

namespace llmops::rules {
namespace {

constexpr std::string_view kField = "spec.offline.dataset.configMapRef.";

std::string keys_of(const Json& config_map) {
  const Json* data = find_path(config_map, "data");
  std::string keys;
  if (data && data->is_object())
    for (const auto& [key, value] : data->items()) keys += (keys.empty() ? "" : ", ") + key;
  return keys.empty() ? "no keys" : "the keys " + keys;
}

const Json* member(const Json& config_map, const char* part, const std::string& key) {
  const Json* data = find_path(config_map, part);
  if (!data || !data->is_object()) return nullptr;
  const auto found = data->find(key);
  return found == data->end() ? nullptr : &*found;
}

}  // namespace

GoldenSet golden_set(const api::ConfigMapKeyReference& reference, std::string_view ns,
                     const Json* config_map) {
  const std::string key = reference.key.value_or(std::string(defaults::kDatasetKey));
  GoldenSet set;
  set.name = "ConfigMap " + std::string(ns) + "/" + reference.name + ", key " + key;
  if (!config_map) {
    set.reason = reasons::kDatasetNotFound;
    set.problem = std::string(kField) + "name: ConfigMap " + std::string(ns) + "/" + reference.name +
                  " does not exist: create it with the golden set under the key " + key +
                  ", or correct the name";
    return set;
  }
  if (const Json* text = member(*config_map, "data", key); text && text->is_string()) {
    set.text = text->get<std::string>();
    return set;
  }
  set.reason = reasons::kDatasetKeyNotFound;
  const std::string object = std::string(kField) + "key: ConfigMap " + std::string(ns) + "/" + reference.name;
  set.problem = member(*config_map, "binaryData", key)
                    ? object + " has the key " + key + " as binary data: store it as text in UTF-8"
                    : object + " has no key " + key + " (it has " + keys_of(*config_map) +
                          "): add the golden set under it, or name the key that holds it";
  return set;
}

}  // namespace llmops::rules
