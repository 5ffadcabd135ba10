// Pods as their makers and the kubelet write them.
#pragma once

#include <utility>

#include "crds/base/json.hpp"
#include "operator/kube/object.hpp"

namespace llmops::simulation {

inline Json pod_condition(const char* type, bool holds, const char* message = "") {
  Json made = {{"type", type}, {"status", holds ? "True" : "False"}};
  if (*message) made["message"] = message;
  return made;
}

inline Json owner(const char* api_version, const char* kind, const Json& object) {
  return {{"apiVersion", api_version},
          {"kind", kind},
          {"name", string_at(object, "metadata.name")},
          {"uid", string_at(object, "metadata.uid")},
          {"controller", true}};
}

inline Json pod_object(const kube::ObjectKey& key, const Json& labels, Json owner_reference) {
  return {{"metadata",
           {{"name", key.name},
            {"namespace", key.ns},
            {"labels", labels},
            {"ownerReferences", Json::array({std::move(owner_reference)})}}},
          {"spec", {{"terminationGracePeriodSeconds", 60}}}};
}

}  // namespace llmops::simulation
