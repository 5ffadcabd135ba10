// Requests of whole conversations, whose turns fail together, through gateways that count in slots.
#pragma once

#include <cstdint>

namespace llmops::sim_statistics {

struct Conversations {
  int turns = 8;
  double correlation = 0.1;  // of the events of any two turns of one conversation
  int gateways = 1;
  bool trial_rule = true;  // else each request is a trial
  double rate = 0.02;      // of events, in both arms
  double candidate_share = 0.1;
  int starts_per_slot = 10;
  int slots = 600;  // of 5 seconds
};

// The share of runs in which harm was shown at `alpha`, at any slot.
double share_of_false_harm(const Conversations& world, int streams, double alpha, std::uint64_t seed);

}  // namespace llmops::sim_statistics
