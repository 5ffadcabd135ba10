// One evaluation from its specification to its record.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/time.hpp"
#include "crds/wire/eval_spec.hpp"
#include "operator/platform/env.hpp"
#include "operator/platform/transport.hpp"

namespace llmops::evaluator {

struct JobInput {
  std::string spec_text;        // evalspec/v1
  std::string spec_digest;      // SHA-256 that the specification must have, 64 hex digits; empty: any
  std::string dataset_text;     // the golden set's bytes
  std::string token_path;       // empty: no Authorization header
  std::string endpoint_folder;  // with the url, token and ca of a Prometheus
  std::string code_version;
  std::function<void(std::size_t asked, std::size_t all)> progress;  // may be empty
  std::function<void(std::string_view)> tell;                        // of a measurement; may be empty
};

struct JobOutcome {
  std::string summary;             // evalsummary/v1, at most 4096 bytes
  std::string result;              // evalresult/v1, one line; of a Prometheus' measurements none
  std::vector<std::string> items;  // {"id", "arm", "output", "latencyMs", "firstTokenMs", "unscored"}, one
                                   // line each; of a Prometheus
                                   // {"metric", "at", "phase", "value"}
  std::int64_t requests = 0;
  std::int64_t retries = 0;
};

// Never fails: what cannot be measured is the verdict Error with the reason in the summary.
Task<JobOutcome> run_job(Env& env, Transport& transport, JobInput input);

}  // namespace llmops::evaluator
