// What a live gate's verdict says to people.
#pragma once

#include <string>
#include <vector>

#include "evaluator/live/judge.hpp"

namespace llmops::live {

// Both arms' numbers and the e-value that has reached its threshold.
std::string harm_text(const LiveGate& gate, const LiveState& state, const LiveTest& harm);
// Each metric: numbers, what was proven, which harm would have shown.
std::string success_text(const LiveGate& gate, const LiveState& state, const std::vector<LiveTest>& tests);
// What is missing, with the conversations and the time that it takes at the traffic seen; then the numbers.
std::string waiting_text(const LiveGate& gate, const LiveState& state, const std::vector<LiveTest>& tests,
                         Timestamp now);

// One test of a state: what it shows, its e-value against what is needed, which harm would have shown.
std::string test_text(const LiveGate& gate, const LiveState& state, const LiveTest& test);

}  // namespace llmops::live
