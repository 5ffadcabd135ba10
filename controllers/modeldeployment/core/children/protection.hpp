// What shields the pods of one ModelDeployment: who may reach them, and how many may be drained at once.
#pragma once

#include <vector>

#include "controllers/modeldeployment/core/children/child.hpp"
#include "controllers/modeldeployment/core/observed.hpp"

namespace llmops::release {

// The label by which the operator's own pods are known to NetworkPolicies: names::kComponent with this value.
inline constexpr std::string_view kOperatorComponent = "operator";

// NetworkPolicies, where they are wanted. Engines accept their own gateways only. Of a gateway anybody
// reaches the user port, evaluators of the same ModelDeployment the evaluation port, the operator (and the
// namespaces of observed.protection that monitor) the admin port. Evaluators accept nobody, and reach the
// evaluation port of their gateways and DNS only.
std::vector<Child> network_policies(const Observed& observed);

// Of the gateway's pods, where budgets are wanted: one at a time, and never in the way of a broken one.
std::vector<Child> disruption_budgets(const Observed& observed);

// Both.
std::vector<Child> protection_children(const Observed& observed);

}  // namespace llmops::release
