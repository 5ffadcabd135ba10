// The Status answers of kube-apiserver 1.34, word for word where clients read them.
#pragma once

#include <string>
#include <string_view>

#include "crds/base/json.hpp"
#include "operator/kube/resource.hpp"
#include "tests/simulation/world/stored_object.hpp"

namespace llmops::simulation {

// An answer: an object with 200 or 201, or a Status.
struct Outcome {
  int status = 200;
  StoredObject body;
  bool ok() const { return status < 300; }
};

// `{kind: Status, status: Failure, reason, message, details, code}`; an empty reason and null details are
// left out.
Outcome failure(int code, std::string_view reason, std::string_view message, Json details = Json());

// {name, group, kind} of a Status about an object.
Json details_of(const kube::ResourceType& type, const kube::ObjectKey& key);

Outcome not_found(const kube::ResourceType& type, const kube::ObjectKey& key);
Outcome already_exists(const kube::ResourceType& type, const kube::ObjectKey& key, bool being_deleted);
// A write with an old resourceVersion.
Outcome changed_meanwhile(const kube::ResourceType& type, const kube::ObjectKey& key);
// A write that names another UID than the object's; `found` is empty where there is no object.
Outcome another_uid(const kube::ResourceType& type, const kube::ObjectKey& key, const std::string& wanted,
                    const std::string& found);
// A write without the resourceVersion that this kind needs.
Outcome version_missing(const kube::ResourceType& type, const kube::ObjectKey& key);
// Preconditions of deletes are checked elsewhere in the real server, and told otherwise.
Outcome delete_of_another_uid(const kube::ResourceType& type, const kube::ObjectKey& key,
                              const std::string& wanted, const std::string& found);
Outcome delete_of_another_version(const kube::ResourceType& type, const kube::ObjectKey& key,
                                  const std::string& wanted, const std::string& found);
// 422; `why` begins with the path of the field.
Outcome unprocessable(const kube::ResourceType& type, const kube::ObjectKey& key, std::string_view why);
// `{kind: Status, status: Success, details}` of an object that was deleted.
Outcome deleted(const kube::ResourceType& type, const kube::ObjectKey& key, const std::string& uid);

}  // namespace llmops::simulation
