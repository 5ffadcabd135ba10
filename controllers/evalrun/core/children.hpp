// The objects that one evaluation needs: the spec that its evaluator reads, and the Job.
//
// Both have the EvalRun's name, so that a repeated create meets AlreadyExists instead of a second evaluation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crds/api/eval_run.hpp"
#include "crds/base/json.hpp"
#include "crds/base/time.hpp"
#include "crds/wire/eval_spec.hpp"
#include "operator/kube/object.hpp"

namespace llmops::evalrun {

inline constexpr std::string_view kComponentValue = "evaluator";
inline constexpr std::string_view kContainerName = "evaluator";
inline constexpr std::string_view kDatasetFile = "dataset.jsonl";  // also the key in the dataset's ConfigMap

// The Job may take this much longer than the evaluation: to be scheduled and to pull its image.
inline constexpr Duration kJobGrace{60'000};

// How long the evaluator has from the Job's start, in whole seconds.
std::int64_t active_deadline_seconds(const api::EvalRunSpec& spec);

// evalspec/v1 of this run.
wire::EvalSpec evaluation_of(const kube::ObjectMeta& run, const api::EvalRunSpec& spec);

// Immutable, key spec.json.
Json spec_config_map(const kube::ObjectMeta& run, const api::EvalRunSpec& spec);

// Of a gate that asks a Prometheus: with the endpoint's Secret in place of golden set and token, and the
// label names::kCallsEndpoint on its pod.
Json job(const kube::ObjectMeta& run, const api::EvalRunSpec& spec, const std::string& image,
         const std::vector<std::string>& image_pull_secrets = {});

}  // namespace llmops::evalrun
