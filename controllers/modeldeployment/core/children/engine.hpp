// Engine pods: one Deployment and one headless Service per serving hash.
#pragma once

#include "controllers/modeldeployment/core/children/child.hpp"
#include "controllers/modeldeployment/core/observed.hpp"

namespace llmops::release {

// What we know about an engine type: one row each.
struct EngineTraits {
  api::EngineType type;
  const char* health_path;
  std::int64_t default_port;
};
const EngineTraits& engine_traits(api::EngineType type);

// The pod template is written once and never changed afterwards; only replicas move (through /scale).
Result<Child> engine_deployment(const Observed& observed, const Stack& stack, std::int64_t replicas);
Child engine_service(const Observed& observed, const std::string& serving_hash);

}  // namespace llmops::release
