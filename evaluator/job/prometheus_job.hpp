// One gate of the kind `prometheus` from its specification to its record.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "crds/api/shared.hpp"
#include "evaluator/job/job.hpp"
#include "operator/platform/env.hpp"
#include "operator/platform/transport.hpp"

namespace llmops::evaluator {

// Each metric is measured on its own clock. Ends at the first metric that fails; when all have decided; or,
// with the verdict Error, at prometheus::deadline. The queries have their arguments.
Task<JobOutcome> run_prometheus_job(Env& env, Transport& transport, api::PrometheusEvaluation gate,
                                    std::string endpoint_folder,
                                    std::function<void(std::string_view)> tell = {});

}  // namespace llmops::evaluator
