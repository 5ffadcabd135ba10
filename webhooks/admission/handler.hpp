// The webhook's HTTP side: POST /validate.
#pragma once

#include "operator/platform/env.hpp"
#include "operator/platform/transport.hpp"
#include "operator/runtime/metrics.hpp"
#include "webhooks/admission/evaluate.hpp"

namespace llmops::admission {

inline constexpr std::string_view kPath = "/validate";

// kAdmissionRequests and kAdmissionSeconds. To be called again on a registry that was made anew.
void describe_metrics(Metrics& metrics);

// 200 with an AdmissionReview; 400 for a body that is none, 404, 405. `env` and `metrics` must outlive it,
// and whatever `objects` uses. Anybody in the cluster may connect: a question is only ever evaluated.
Handler handler(Env& env, Objects objects, Metrics& metrics);

}  // namespace llmops::admission
