// What tools that know nothing of us make of a status: kstatus, which Flux, Argo CD's health checks and
// `kubectl wait` build on.
#pragma once

#include <cstdint>
#include <string>

#include "controllers/modeldeployment/core/observed.hpp"
#include "crds/api/shared.hpp"

namespace llmops {

// "Current", "InProgress" or "Failed", after sigs.k8s.io/cli-utils/pkg/kstatus/status (generic.go).
std::string kstatus_of(std::int64_t generation, std::optional<std::int64_t> observed_generation,
                       const std::vector<api::Condition>& conditions);

namespace release {

// Fails the test where the status as it is written misleads a reader: about which spec it is of, or by
// conditions that contradict the phase or each other.
void expect_honest_status(const Observed& observed);

}  // namespace release
}  // namespace llmops
