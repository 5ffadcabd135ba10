// A router whose users' requests live gates read: all go to stable, or to a candidate with pods of its own.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "fixtures.hpp"
#include "gateway/router/router.hpp"

namespace llmops::gateway::testing {

inline Timestamp at(long long ms) {
  return Timestamp(Duration(1'800'000'000'000 + ms));
}

// Thresholds of 1 s to the first token, 2 s in all, 100 tokens, and a cost of 50 at 1 for each token.
inline wire::LiveCounting live_limits() {
  wire::LiveCounting live;
  for (const std::string& revision : {kStable, kCandidate}) {
    live.thresholds[revision] = {{"ttft", 1'000'000}, {"latency", 2'000'000}, {"tokens", 100}, {"cost", 50}};
    live.prices[revision].input = 1'000'000;
    live.prices[revision].output = 1'000'000;
  }
  return live;
}

struct LiveRouter {
  explicit LiveRouter(RouterOptions router_options = {}, bool limits = true)
      : router(std::move(router_options)) {
    if (limits) options.live = live_limits();
    configure();
    std::vector<EndpointAddress> pods{pod("a")};
    (void)router.on_endpoints(kServing, pods);
    router.on_probe("a", true, 1'000);
  }
  void configure() {
    const auto taken = router.on_config(config_of(options), bodies_of(options));
    ASSERT_TRUE(taken.ok()) << taken.error().message;
  }
  // A request of a conversation whose trial is its first turn, unless told otherwise; each its own.
  RequestId begin(Timestamp now = at(0), int turn = 1, std::string conversation = "") {
    if (conversation.empty()) conversation = conversation_with_trial_at(1, conversations++);
    const RequestId id = router.begin(now, turn);
    EXPECT_EQ(router.route(id, "bot", conversation).placement, Placement::Routed);
    return id;
  }
  void play(const RequestEnd& end) { router.on_result(begin(), end); }
  // Of all closed slots together; {0, 0} where nothing is told.
  wire::TrialCount total(const std::string& metric, Timestamp now = at(10'000),
                         const std::string& hash = kStable) {
    wire::TrialCount sum{0, 0};
    for (const auto& slot : router.report(Timestamp(), now).slots)
      if (const auto arm = slot.arms.find(hash); arm != slot.arms.end())
        if (const auto count = arm->second.find(metric); count != arm->second.end()) {
          sum.trials += count->second.trials;
          sum.events += count->second.events;
        }
    return sum;
  }
  Timestamp closed(const std::string& metric, Timestamp now) {
    return router.report(at(0), now).closed_through.at(metric);
  }

  ConfigOptions options;
  Router router;
  int conversations = 0;
};

inline RequestEnd answered(long long milliseconds, std::int64_t output_tokens = 10) {
  RequestEnd end = Outcome::Success;
  end.took = Duration(milliseconds);
  end.input_tokens = 20;
  end.output_tokens = output_tokens;
  return end;
}

inline RequestEnd ended(Outcome outcome, long long milliseconds) {
  RequestEnd end = outcome;
  end.took = Duration(milliseconds);
  return end;
}

}  // namespace llmops::gateway::testing
