// What a controller's cache keeps of an object's metadata.
#pragma once

#include "crds/base/json.hpp"
#include "operator/kube/object.hpp"

namespace llmops::controllers {

// As kube::parse_meta, but of labels and annotations only those of our group: nobody here reads the others,
// and they are most of what objects carry (kubectl keeps a whole copy of the object in one).
kube::ObjectMeta kept_meta(const Json& object);

}  // namespace llmops::controllers
