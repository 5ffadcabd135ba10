// The verdict of a live gate on what it has seen.
//
// Failed:       any harm test of any metric has reached m/alpha, m being the number of harm tests; at once.
// Successful:   observe_for has passed, the candidate had min_conversations, each metric was observed on all
//               its arms, and every test of a metric that requires Proof has reached 1/alpha.
// Inconclusive: give_up_after has passed without either.
// Running:      else.
// A test counts as reached by the largest value it ever had. A harmless candidate fails with probability at
// most alpha; a candidate on or beyond a margin passes a Proof with probability at most alpha.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "evaluator/live/live_gate.hpp"
#include "evaluator/live/live_state.hpp"

namespace llmops::live {

enum class Verdict { Running, Successful, Failed, Inconclusive };

enum class TestKind { Comparison, Objective };

struct LiveTest {
  std::size_t metric = 0;  // its index in the gate
  statistics::Claim claim = statistics::Claim::Harm;
  TestKind kind = TestKind::Comparison;
  statistics::NanoNats log_e = 0;    // now
  statistics::NanoNats highest = 0;  // ever
  statistics::NanoNats needed = 0;
  bool observed = false;  // trials of all its arms were judged
  bool reached() const { return highest >= needed; }
};

// All tests of the gate, metric by metric, harm first.
std::vector<LiveTest> tests_of(const LiveGate& gate, const LiveState& state);

struct LiveJudgement {
  Verdict verdict = Verdict::Running;
  std::string metric;  // that decided, or that is waited for; empty: the window, the conversations or all
  std::string text;    // for people: numbers, e-values, the harm that would have shown, what is waited for
  std::vector<LiveTest> tests;
};

// A gate that `check` refuses, or a state of another gate, is Inconclusive with a text that says so.
LiveJudgement judge(const LiveGate& gate, const LiveState& state, Timestamp now);

}  // namespace llmops::live
