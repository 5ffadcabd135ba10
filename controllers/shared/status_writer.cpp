#include "controllers/shared/status_writer.hpp"

#include <utility>

namespace llmops::controllers {

Task<Result<std::string>> write_status(kube::Client& client, kube::ResourceType type, kube::ObjectMeta meta,
                                       Json status) {
  // The API server takes everything but the status from the stored object.
  Json object = {{"apiVersion", type.api_version()},
                 {"kind", type.kind},
                 {"metadata",
                  {{"name", meta.name},
                   {"namespace", meta.ns},
                   {"uid", meta.uid},
                   {"resourceVersion", meta.resource_version}}},
                 {"status", std::move(status)}};
  Result<Json> written = co_await client.replace_subresource(type, meta.key(), "status", std::move(object));
  if (!written.ok()) co_return written.error();
  co_return string_at(*written, "metadata.resourceVersion");
}

}  // namespace llmops::controllers
