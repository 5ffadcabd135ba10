// Names of children: they follow from owner name, role and hash, so that a restored cluster finds them and a
// repeated create meets AlreadyExists instead of a second object.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crds/api/model_deployment.hpp"

namespace llmops::release::names_of {

std::string gateway(std::string_view owner);     // Deployment, ServiceAccount, Role, ConfigMap …
std::string engines(std::string_view owner);     // NetworkPolicy of all engine pods
std::string evaluators(std::string_view owner);  // NetworkPolicy of all evaluator pods
std::string evaluation(std::string_view owner);  // headless Service of the evaluation port
std::string user_service(std::string_view owner, const std::optional<api::GatewaySettings>& settings);
std::string engine(std::string_view owner, std::string_view serving_hash);  // Deployment and headless Service
std::string revision(std::string_view owner, std::string_view hash);
std::string body(std::string_view owner, std::string_view hash);
std::string dataset(std::string_view owner, std::string_view digest);
std::string plan(std::string_view owner, std::int64_t run);
std::string eval_run(std::string_view owner, std::int64_t run, std::int64_t step, std::size_t gate,
                     std::int64_t attempt);
// What an engine calls itself, so that a reused pod address cannot answer for another revision.
std::string engine_model(std::string_view owner, std::string_view serving_hash);

}  // namespace llmops::release::names_of
