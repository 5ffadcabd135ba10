// The rules for requests: invariants (a), (b) and (e) of DESIGN §10 as users meet them.
#include <algorithm>

#include "crds/base/digest.hpp"
#include "gateway/router/bucket.hpp"
#include "tests/simulation/release/gateway_pod.hpp"
#include "tests/simulation/release/invariants.hpp"

namespace llmops::simulation {
namespace {

constexpr Duration kWarmsUp{5'000};

}  // namespace

// Another arm answers only where the assigned one has no endpoint: its engine was lost, or the gateway is so
// young that it has not warmed all of them.
void Invariants::check_fallback(const UserRequest& request, const wire::GatewayArm& assigned,
                                const std::string& what) {
  const std::string life =
      request.pod + "/" + std::to_string(cluster_->world->starts(gateway_process(request.pod)));
  const bool young = cluster_->world->time() - first_requests_.at(life) < kWarmsUp;
  const std::string& engine = configured_[request.decision.epoch][assigned.name].serving_hash;
  if (!young && !cluster_->lost_lately({name_, short_hash(engine)}))
    violated(what + "fell back to " + request.decision.arm + ", and the engine of " + assigned.name +
             " was not lost");
}

void Invariants::on_request(const UserRequest& request) {
  if (request.model_deployment != name_ || !request.decision.revision) return;
  catch_up();
  first_requests_.emplace(
      request.pod + "/" + std::to_string(cluster_->world->starts(gateway_process(request.pod))),
      cluster_->world->time());
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
  const bool fell_back = decision.arm != decision.assigned;
  if (!owner || owner->name != decision.assigned ||
      (!fell_back && owner->revision != decision.revision->hash))
    violated(what + "went to " + decision.arm + ", and bucket " + std::to_string(bucket) + " belongs to " +
             (owner ? owner->name : "nobody"));
  if (owner && fell_back) check_fallback(request, *owner, what);
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
