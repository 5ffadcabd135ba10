// The one way of writing a status.
#pragma once

#include <string>

#include "crds/base/json.hpp"
#include "operator/kube/client.hpp"
#include "operator/kube/object.hpp"

namespace llmops::controllers {

// PUT of the status subresource under the uid and resourceVersion of `meta`, so that a status decided on an
// older object never lands. Returns the new resourceVersion. Errors: Conflict (observe again), NotFound (the
// object is gone), InvalidArgument (the status breaks the schema), and those of the client.
Task<Result<std::string>> write_status(kube::Client& client, kube::ResourceType type, kube::ObjectMeta meta,
                                       Json status);

}  // namespace llmops::controllers
