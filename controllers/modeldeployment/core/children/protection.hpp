// What shields the pods of one ModelDeployment: who may reach them, and how many may be drained at once.
#pragma once

#include <vector>

#include "controllers/modeldeployment/core/children/child.hpp"
#include "controllers/modeldeployment/core/observed.hpp"

namespace llmops::release {

// The label by which the operator's own pods are known to NetworkPolicies: names::kComponent with this value.
inline constexpr std::string_view kOperatorComponent = "operator";

// NetworkPolicies, where they are wanted: engines accept their own gateways only; of a gateway anybody
// reaches the user port, evaluators of the same ModelDeployment the evaluation port, the operator (and the
// namespaces of `protection` that monitor) the admin port; evaluators accept nobody, and reach the evaluation
// port of their gateways and DNS only (but those that call an endpoint, see names::kCallsEndpoint, go where
// they like). Disruption budgets, where they are wanted: of the gateway's pods one at a time may be drained,
// and a broken one is in nobody's way. Of `owner` its name, namespace and UID count.
std::vector<Child> protection_children(const kube::ObjectMeta& owner, const Protection& protection);

// Both.
std::vector<Child> protection_children(const Observed& observed);

}  // namespace llmops::release
