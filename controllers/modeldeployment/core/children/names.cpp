#include "controllers/modeldeployment/core/children/names.hpp"

#include "crds/base/digest.hpp"

namespace llmops::release::names_of {

std::string gateway(std::string_view owner) {
  return std::string(owner) + "-gateway";
}
std::string engines(std::string_view owner) {
  return std::string(owner) + "-engine";
}
std::string evaluators(std::string_view owner) {
  return std::string(owner) + "-evaluator";
}
std::string evaluation(std::string_view owner) {
  return std::string(owner) + "-evaluation";
}

std::string user_service(std::string_view owner, const std::optional<api::GatewaySettings>& settings) {
  if (settings && settings->service_name) return *settings->service_name;
  return std::string(owner);
}

std::string engine(std::string_view owner, std::string_view serving_hash) {
  return std::string(owner) + "-engine-" + short_hash(serving_hash);
}
std::string revision(std::string_view owner, std::string_view hash) {
  return std::string(owner) + "-" + short_hash(hash);
}
std::string body(std::string_view owner, std::string_view hash) {
  return std::string(owner) + "-body-" + short_hash(hash);
}
std::string dataset(std::string_view owner, std::string_view digest) {
  return std::string(owner) + "-dataset-" + short_hash(digest);
}
std::string plan(std::string_view owner, std::int64_t run) {
  return std::string(owner) + "-run-" + std::to_string(run);
}
std::string eval_run(std::string_view owner, std::int64_t run, std::int64_t step, std::size_t gate,
                     std::int64_t attempt) {
  return plan(owner, run) + "-" + std::to_string(step) + "-" + std::to_string(gate) + "-" +
         std::to_string(attempt);
}
std::string engine_model(std::string_view owner, std::string_view serving_hash) {
  return std::string(owner) + "-" + short_hash(serving_hash);
}

}  // namespace llmops::release::names_of
