// Sends every item to every arm, side by side.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "evaluator/job/arm_client.hpp"
#include "evaluator/judgement/dataset.hpp"
#include "operator/platform/env.hpp"

namespace llmops::evaluator {

struct ArmRun {
  ArmEndpoint endpoint;
  std::vector<judgement::Answer> answers;  // by item; "not asked" until it was
};

struct AskOptions {
  std::string eval_run;  // in front of the item's id in x-conversation-id
  std::string model;
  std::int64_t max_tokens = 256;
  std::size_t concurrency = 4;                                       // requests in flight, all arms together
  std::function<void(std::size_t asked, std::size_t all)> progress;  // may be empty
};

// Item i goes to all arms next to each other, the order alternating from item to item: what drifts meanwhile
// (load, caches, clocks) meets both. Returns when every request has an answer or the client's deadline
// passed.
Task<void> ask_all(Env& env, ArmClient& client, const judgement::Dataset& dataset, std::vector<ArmRun>& arms,
                   const AskOptions& options);

}  // namespace llmops::evaluator
