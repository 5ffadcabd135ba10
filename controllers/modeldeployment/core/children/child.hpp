// An object that a ModelDeployment should have.
#pragma once

#include <string>

#include "crds/base/json.hpp"
#include "operator/kube/object.hpp"
#include "operator/kube/resource.hpp"

namespace llmops::release {

struct Child {
  kube::ResourceType type;
  Json object;         // complete, with labels, owner and the content digest
  std::string digest;  // of what we want, kept in an annotation: equal means nothing to write

  std::string name() const { return string_at(object, "metadata.name"); }
};

// Labels of everything we make for this owner.
Json owned_labels(const kube::ObjectMeta& owner, std::string_view component);

// The reference by which the garbage collector takes a child with its owner.
Json owner_reference(const kube::ObjectMeta& owner);

// Of `owner` its name, namespace and UID count. Fills in apiVersion, kind, namespace, labels, owner and
// digest. `extra_labels` is an object.
Child make_child(const kube::ObjectMeta& owner, const kube::ResourceType& type, std::string name,
                 std::string_view component, Json content, const Json& extra_labels = Json::object());

// A digest of what others could change in a child of ours to do harm and the API server fills nothing into:
// the selector of a Service, the rules of a Role, a gateway's configuration, all of a NetworkPolicy. Empty
// for kinds without such a part. Ten hex digits, so that a cache of ten thousand stays small.
std::string essence_of(const kube::ResourceType& of, const Json& object);

// Whether a document of ours says all that there is in the live object: the API server fills nothing into its
// kind, and nobody else wrote into it. Then it may be replaced unread.
bool is_all_ours(const kube::ResourceType& of, const Json& object);

// The security context of every container we start: the restricted Pod Security level.
Json restricted_container();
Json restricted_pod();

}  // namespace llmops::release
