// How much longer a live gate takes, if the candidate is as good as stable and the traffic goes on as it was.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "evaluator/live/judge.hpp"

namespace llmops::live {

struct Outlook {
  std::optional<std::int64_t> conversations;  // of the candidate in all, when what is missing is there
  std::optional<Duration> time;               // from now
  bool possible = true;  // false: a Proof is missing that a candidate as good as stable never gets
};

// Nothing in a field where no traffic was seen that could tell.
Outlook outlook(const LiveGate& gate, const LiveState& state, const std::vector<LiveTest>& tests,
                Timestamp now);

}  // namespace llmops::live
