// Invariant (f): the guardrails that serve a conversation change by a release of guardrails alone, its
// promotion or rollback, by an exchange in all arms at once, or by a return to what users had; never because
// other parts change. Looks at every configuration that gateways are told.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crds/api/model_deployment.hpp"
#include "crds/wire/gateway_config.hpp"
#include "tests/simulation/world/object_store.hpp"

namespace llmops::simulation {

class GuardrailWatch {
 public:
  // What is wrong with this configuration after the last one, under the status that authorised it.
  std::vector<std::string> look(const ObjectStore& store, const wire::GatewayModel& model,
                                const api::ModelDeploymentStatus& status);

 private:
  struct Content {
    std::string guardrails, others;
  };
  struct Arms {
    std::string stable;  // hashes
    std::string candidate;
  };
  const Content* content(const ObjectStore& store, const std::string& hash);

  std::map<std::string, Content> contents_;  // by hash
  std::optional<Arms> before_;
  std::string previous_stable_;  // as the status had it with the last configuration
};

}  // namespace llmops::simulation
