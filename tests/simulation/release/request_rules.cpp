// The rules for requests: invariants (a), (b) and (e) of DESIGN §10 as users meet them.
#include <algorithm>

#include "crds/base/digest.hpp"
#include "gateway/router/bucket.hpp"
#include "tests/simulation/release/invariants.hpp"

namespace llmops::simulation {

void Invariants::on_request(const UserRequest& request) {
  if (request.model_deployment != name_ || !request.decision.revision) return;
  catch_up();
  const gateway::Decision& decision = request.decision;
  const std::string what =
      "a request on " + request.pod + " under epoch " + std::to_string(decision.epoch) + " ";
  const auto told = told_.find(decision.epoch);
  if (told == told_.end()) return violated(what + "which gateways were never told");
  const std::uint32_t bucket = gateway::bucket_of(told->second.salt, request.conversation);
  const wire::GatewayArm* owner = nullptr;
  for (const auto& arm : told->second.arms)
    for (const auto& range : arm.buckets)
      if (bucket >= range.from && bucket < range.to) owner = &arm;
  if (!owner || owner->name != decision.arm || owner->revision != decision.revision->hash)
    violated(what + "went to " + decision.arm + ", and bucket " + std::to_string(bucket) + " belongs to " +
             (owner ? owner->name : "nobody"));
  if (!told->second.open) violated(what + "was taken while the model was closed");
  const std::int64_t verified = status_.traffic_verified ? status_.traffic_verified->epoch : 0;
  if (decision.epoch < verified)
    violated(what + "was assigned after all gateways had acknowledged epoch " + std::to_string(verified));
  const std::string revision = decision.arm + " (" + short_hash(decision.revision->hash) + ")";
  if (!passed_.contains(decision.revision->hash))
    violated(what + "met " + revision + " before its gate was Successful");
  if (is_rejected(decision.revision->hash) && decision.epoch >= status_.epoch.value_or(0))
    violated(what + "met " + revision + ", and its content is rejected");
}

}  // namespace llmops::simulation
