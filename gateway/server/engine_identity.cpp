#include "gateway/server/engine_identity.hpp"

#include "crds/base/json.hpp"

namespace llmops::gateway {

Result<void> check_engine_identity(const std::string& engine_model, int status, std::string_view body) {
  if (status != 200)
    return Error{ErrorCode::Unavailable,
                 "GET /v1/models answered " + std::to_string(status) + ", the engine is not ready"};
  const auto models = parse_json(body);
  const Json* list = models.ok() ? find_path(*models, "data") : nullptr;
  std::string found;
  if (list && list->is_array())
    for (const Json& model : *list) {
      const std::string id = string_at(model, "id");
      if (id == engine_model) return {};
      found += (found.empty() ? "\"" : ", \"") + id.substr(0, 128) + "\"";
    }
  return Error{ErrorCode::Unavailable, "the engine serves " + (found.empty() ? "nothing" : found) +
                                           ", expected \"" + engine_model +
                                           "\": another pod has taken this address"};
}

Preflight engine_preflight(const std::string& engine_model) {
  Preflight preflight;
  preflight.request = HttpRequest("GET", "/v1/models");
  preflight.accept = [engine_model](int status, std::string_view body) {
    return check_engine_identity(engine_model, status, body);
  };
  return preflight;
}

}  // namespace llmops::gateway
