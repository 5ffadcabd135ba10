// Endpoints that gateways call for their guardrails, and evaluators for a Prometheus: Secrets of the type
// llmops.dev/endpoint, of which only the keys url, token and ca are mounted into the pods that call. The
// operator itself never reads them.
#pragma once

#include <set>
#include <string>

#include "controllers/modeldeployment/core/observed.hpp"

namespace llmops::release {

inline constexpr int kEndpointMode = 0440;  // of the mounted files

// The items of a volume of such a Secret; the files' paths begin with `prefix`.
Json endpoint_items(const std::string& prefix);

// Names of the Secrets that the detectors of a stack's guardrails ask.
std::set<std::string> endpoints_of(const Stack& stack);

// What the pods of the gateway have to carry: the endpoints of the revisions that the status points to and of
// the guardrails that the spec names, so that they are there before a revision needs them.
std::set<std::string> wanted_endpoints(const Observed& observed);

// How a gateway pod says what it carries (annotation names::kEndpoints): "moderation,topics".
std::string joined_endpoints(const std::set<std::string>& endpoints);

// Why not every gateway that may still assign requests carries these; empty when all do.
std::string missing_endpoint(const Observed& observed, const std::set<std::string>& endpoints);

}  // namespace llmops::release
