// The two forms in which a judgement leaves the program: evalresult/v1 with everything, evalsummary/v1 as the
// record that fits into a container's termination message.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "crds/base/time.hpp"
#include "crds/wire/eval_result.hpp"
#include "crds/wire/eval_summary.hpp"
#include "evaluator/judgement/judge.hpp"

namespace llmops::judgement {

// What Kubernetes keeps of a termination message.
inline constexpr std::size_t kSummaryBytes = 4096;

struct ResultHeader {
  std::string dataset_digest;
  std::string code_version;
  Timestamp started_at{};
  Timestamp completed_at{};
};

// Numbers are rounded to nine significant digits, so that the digest does not hang on the last bit of a sum.
wire::EvalResult build_result(const Judgement& judgement, const ResultHeader& header, bool with_verdict);

wire::EvalSummary build_summary(const Judgement& judgement, std::string dataset_digest,
                                std::string result_digest, std::size_t items);

// The record of a run that could not be judged.
wire::EvalSummary error_summary(std::string message, std::string dataset_digest = {}, std::size_t items = 0);

// Compact JSON of at most kSummaryBytes. What does not fit goes in this order: sentences of successful
// metrics, length of the other sentences, those sentences, then for successful metrics before the others:
// the test's details, the worst slice, all other numbers. Names and verdicts always stay.
std::string render_summary(wire::EvalSummary summary);

}  // namespace llmops::judgement
