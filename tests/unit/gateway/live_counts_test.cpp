#include "gateway/router/live_counts.hpp"

#include <gtest/gtest.h>

#include "crds/base/log_buckets.hpp"
#include "gateway/router/trial.hpp"
#include "live_router.hpp"

namespace llmops::gateway {
namespace {

using namespace testing;
using Count = wire::TrialCount;

TEST(LiveTrial, IsTheTurnThatTheConversationsHashPicks) {
  LiveRouter live;
  for (const int picked : {1, 2, 3, 5}) {
    const std::string conversation = conversation_with_trial_at(picked);
    for (int turn = 0; turn <= 6; ++turn)
      live.router.on_result(live.begin(at(0), turn, conversation), Outcome::Success);
    EXPECT_EQ(live.total("error-rate").trials, 1) << "of a conversation with seven requests";
    live = LiveRouter();
  }
}

TEST(LiveTrial, IsNoSecondOneWhenTheSameTurnComesAgain) {
  LiveRouter live;
  const std::string conversation = conversation_with_trial_at(1);
  live.router.on_result(live.begin(at(0), 1, conversation), Outcome::Error);
  live.router.on_result(live.begin(at(1), 1, conversation), Outcome::Success);
  EXPECT_EQ(live.total("error-rate"), (Count{1, 1})) << "the retry does not mend the first answer";
}

TEST(LiveTrial, IsDrawnAnewInAnotherRun) {
  LiveRouter live;
  std::string conversation;
  for (int i = 0; conversation.empty(); ++i)
    if (const auto key = conversation_with_trial_at(1, i); trial_turn("run-2", key) == 1) conversation = key;
  live.router.on_result(live.begin(at(0), 1, conversation), Outcome::Success);
  live.options.salt = "run-2";
  live.options.epoch = 2;
  live.configure();
  live.router.on_result(live.begin(at(1), 1, conversation), Outcome::Success);
  EXPECT_EQ(live.total("error-rate").trials, 2);
}

TEST(LiveTrial, IsNeverAnEvaluatorsRequest) {
  LiveRouter live;
  const RequestId id = live.router.begin(at(0), 1);
  EXPECT_EQ(live.router.route_evaluation(id, kStable).placement, Placement::Routed);
  live.router.on_first_token(id, Duration(5'000));
  EXPECT_EQ(live.router.feedback_id(id, 1, at(0)), "");
  live.router.on_result(id, answered(9'000));
  auto report = live.router.report(at(-1), at(10'000));
  live.router.add_distributions(report, at(10'000));
  EXPECT_TRUE(report.slots.empty());
  EXPECT_TRUE(report.distributions.empty());
}

TEST(LiveTrial, IsOfNeitherRevisionWhenItIsAssignedAnew) {
  LiveRouter live;
  const std::string conversation = conversation_with_trial_at(1);
  const RequestId id = live.begin(at(0), 1, conversation);
  live.router.release(id);
  live.options.weight = 100;
  live.options.epoch = 2;
  live.configure();
  EXPECT_EQ(live.router.route(id, "bot", conversation).assigned, "candidate");
  live.router.on_result(id, Outcome::Error);
  EXPECT_TRUE(live.router.report(at(-1), at(10'000)).slots.empty());
  EXPECT_EQ(live.closed("error-rate", at(10'000)), at(10'000)) << "and holds nothing up";
}

TEST(LiveTrial, StaysOneWhenAnotherEndpointIsTried) {
  LiveRouter live;
  const std::string conversation = conversation_with_trial_at(1);
  const RequestId id = live.begin(at(0), 1, conversation);
  EXPECT_EQ(live.router.route(id, "bot", conversation).placement, Placement::Routed);
  live.router.on_result(id, Outcome::Success);
  EXPECT_EQ(live.total("error-rate"), (Count{1, 0}));
}

TEST(LiveRates, CountWhatWasAnsweredOrFailedAndNothingOfClientsFaults) {
  LiveRouter live;
  RequestEnd refusal = Outcome::Success;
  refusal.refused = true;
  for (const RequestEnd& end :
       {RequestEnd(Outcome::Success), RequestEnd(Outcome::Error), RequestEnd(Outcome::Blocked), refusal,
        RequestEnd(Outcome::ClientError), RequestEnd(Outcome::ClientGone)})
    live.play(end);
  EXPECT_EQ(live.total("error-rate"), (Count{4, 1}));
  EXPECT_EQ(live.total("block-rate"), (Count{4, 1}));
  EXPECT_EQ(live.total("refusal-rate"), (Count{4, 2})) << "what a guardrail ended is refused too";
}

TEST(LiveRates, CallAnAnswerOfAnotherArmAnErrorAndNothingElse) {
  ConfigOptions options;
  options.weight = 100;
  options.other_pods = true;
  options.live = live_limits();
  Router router;
  ASSERT_TRUE(router.on_config(config_of(options), bodies_of(options)).ok());
  (void)router.on_endpoints(kServing, {pod("a")});
  router.on_probe("a", true, 8);
  const RequestId id = router.begin(at(0));
  EXPECT_EQ(router.route(id, "bot", conversation_with_trial_at(1)).arm, "stable");
  router.on_first_token(id, Duration(5'000));
  const std::string feedback = router.feedback_id(id, 1, at(0));
  EXPECT_EQ(parse_feedback_id(feedback).value().revision, short_hash(kStable));
  EXPECT_FALSE(parse_feedback_id(feedback).value().trial) << "it is no answer of the arm that is judged";
  RequestEnd end = answered(9'000, 1'000);
  end.refused = true;
  router.on_result(id, end);
  const auto report = router.report(at(-1), at(1'000'000));
  ASSERT_EQ(report.slots.size(), 1u);
  EXPECT_EQ(report.slots[0].arms,
            (decltype(report.slots[0].arms){
                {kCandidate, {{"error-rate", {1, 1}}, {"block-rate", {1, 0}}, {"refusal-rate", {1, 0}}}}}));
}

TEST(LiveThresholds, AreCountedOnlyWhereTheConfigurationHasOne) {
  LiveRouter live({}, false);
  const RequestId id = live.begin();
  live.router.on_first_token(id, Duration(5'000));
  live.router.on_result(id, answered(9'000));
  for (const char* metric : {"ttft", "latency", "tokens", "cost"})
    EXPECT_EQ(live.total(metric), (Count{0, 0})) << metric;
  EXPECT_EQ(live.total("error-rate"), (Count{1, 0}));
}

TEST(LiveThresholds, CallWhatIsBeyondThemAnEvent) {
  LiveRouter live;
  const auto play = [&](long long first, long long took, std::int64_t output_tokens) {
    const RequestId id = live.begin();
    live.router.on_first_token(id, Duration(first));
    live.router.on_result(id, answered(took, output_tokens));
  };
  play(1'000, 2'000, 30);  // at each threshold: 20 + 30 tokens cost 50
  play(1'001, 2'001, 31);
  play(10, 20, 101);
  EXPECT_EQ(live.total("ttft"), (Count{3, 1}));
  EXPECT_EQ(live.total("latency"), (Count{3, 1}));
  EXPECT_EQ(live.total("tokens"), (Count{3, 1}));
  EXPECT_EQ(live.total("cost"), (Count{3, 2}));
}

TEST(LiveThresholds, NeedAUsageForTokensAndCost) {
  LiveRouter live;
  live.play(ended(Outcome::Success, 10));
  EXPECT_EQ(live.total("tokens"), (Count{0, 0}));
  EXPECT_EQ(live.total("cost"), (Count{0, 0}));
  EXPECT_EQ(live.total("latency"), (Count{1, 0}));
}

TEST(LiveStall, IsAnEventAsSoonAsTheThresholdHasPassed) {
  LiveRouter live;
  const RequestId id = live.begin(at(0));
  EXPECT_EQ(live.closed("ttft", at(1'000)), at(0));
  (void)live.begin(at(5'000));
  EXPECT_EQ(live.total("ttft", at(5'500)), (Count{1, 1}))
      << "the first runs, and has shown nothing for a second";
  EXPECT_EQ(live.total("latency", at(5'500)), (Count{1, 1}));
  EXPECT_EQ(live.total("error-rate", at(5'500)), (Count{0, 0})) << "that is known at its end";
  live.router.on_first_token(id, Duration(5'600));
  live.router.on_result(id, answered(6'000));
  EXPECT_EQ(live.total("ttft", at(5'900)), (Count{1, 1})) << "once";
  EXPECT_EQ(live.total("error-rate", at(5'900)), (Count{1, 0}));
}

TEST(LiveStall, IsKnownAtTheFirstTokenWhereThatIsSooner) {
  LiveRouter live;
  const RequestId id = live.begin(at(4'900));
  live.router.on_first_token(id, Duration(50));
  EXPECT_EQ(live.closed("ttft", at(5'000)), at(5'000));
  EXPECT_EQ(live.total("ttft", at(5'000)), (Count{1, 0}));
  EXPECT_EQ(live.closed("latency", at(5'000)), at(0));
}

TEST(LiveStall, IsNoTrialOfARequestThatFailedBeforeItsFirstTokenAndItsThreshold) {
  LiveRouter live;
  live.play(ended(Outcome::Error, 900));
  live.play(ended(Outcome::ClientGone, 900));
  EXPECT_EQ(live.total("ttft"), (Count{0, 0})) << "a quick error is no quick answer";
  EXPECT_EQ(live.total("latency"), (Count{0, 0}));
  live.router.on_result(live.begin(at(11'000)), ended(Outcome::Error, 1'001));
  live.router.on_result(live.begin(at(11'000)), ended(Outcome::ClientGone, 2'001));
  EXPECT_EQ(live.total("ttft", at(20'000)), (Count{2, 2}))
      << "who leaves after the threshold has waited too long";
  EXPECT_EQ(live.total("latency", at(20'000)), (Count{1, 1}));
  EXPECT_EQ(live.closed("ttft", at(20'000)), at(20'000));
}

TEST(LiveStall, HasNoLengthOfWhatAGuardrailEndedBeforeTheEngineSpoke) {
  LiveRouter live;
  live.play(ended(Outcome::Blocked, 3));
  EXPECT_EQ(live.total("latency"), (Count{0, 0}));
  EXPECT_EQ(live.total("block-rate"), (Count{1, 1}));
}

TEST(ClosedThrough, IsTheFirstSlotThatIsUndecidedOfEachMetric) {
  LiveRouter live;
  const RequestId slow = live.begin(at(0));
  live.router.on_first_token(slow, Duration(10));
  live.router.on_result(live.begin(at(5'000)), answered(10));
  EXPECT_EQ(live.closed("error-rate", at(7'000)), at(0));
  EXPECT_EQ(live.closed("block-rate", at(7'000)), at(0));
  EXPECT_EQ(live.closed("ttft", at(7'000)), at(5'000)) << "at most the current slot";
  EXPECT_EQ(live.total("error-rate", at(10'000)), (Count{0, 0})) << "the newer slot does not overtake it";
  live.router.on_result(slow, Outcome::Success);
  EXPECT_EQ(live.closed("error-rate", at(12'000)), at(10'000));
  EXPECT_EQ(live.total("error-rate", at(12'000)), (Count{2, 0}));
}

TEST(ClosedThrough, GivesTheSameTotalsHoweverOftenAndFromWhereItIsPulled) {
  LiveRouter live;
  using Slots = std::map<Timestamp, std::map<std::string, std::map<std::string, wire::TrialCount>>>;
  Slots eager;
  // What is closed of a metric never changes and never goes away while it is kept.
  const auto merge = [](Slots& into, const wire::GatewayReport& report) {
    for (const auto& slot : report.slots)
      for (const auto& [revision, metrics] : slot.arms)
        for (const auto& [metric, count] : metrics) {
          EXPECT_LT(slot.start, report.closed_through.at(metric));
          const auto [known, fresh] = into[slot.start][revision].emplace(metric, count);
          EXPECT_TRUE(fresh || known->second == count) << metric;
        }
  };
  std::vector<std::pair<RequestId, int>> open;
  for (int second = 0; second < 120; ++second) {
    open.emplace_back(live.begin(at(second * 1000)), second + second % 17);
    std::erase_if(open, [&](const auto& request) {
      if (request.second > second) return false;
      live.router.on_result(request.first, request.second % 3 ? answered(900) : RequestEnd(Outcome::Error));
      return true;
    });
    merge(eager, live.router.report(at(-1), at(second * 1000 + 999)));
  }
  for (const auto& request : open) live.router.on_result(request.first, Outcome::Success);
  merge(eager, live.router.report(at(-1), at(200'000)));
  Slots late;
  merge(late, live.router.report(at(-1), at(200'000)));
  EXPECT_EQ(eager, late);
  std::int64_t trials = 0;
  for (const auto& [start, arms] : late) trials += arms.at(kStable).at("error-rate").trials;
  EXPECT_EQ(trials, 120);
}

TEST(LiveRestart, TellsWhatWasClosedBeforeAndLosesWhatWasInFlight) {
  std::vector<std::uint64_t> words(SlotLedger::bytes_needed() / 8);
  RouterOptions options;
  options.slots = std::as_writable_bytes(std::span(words));
  options.slots_owner = "pod";
  {
    LiveRouter before(options);
    before.play(Outcome::Error);
    (void)before.begin(at(5'000));
    EXPECT_EQ(before.total("error-rate"), (Count{1, 1}));
  }
  LiveRouter after(options);
  after.router.on_result(after.begin(at(11'000)), Outcome::Success);
  EXPECT_EQ(after.total("error-rate", at(20'000)), (Count{2, 1}));
  options.slots_owner = "another pod";
  EXPECT_EQ(LiveRouter(options).total("error-rate", at(20'000)), (Count{0, 0}));
}

TEST(LiveStop, ClosesTheSlotOfNowWhenTheLastRequestHasEnded) {
  LiveRouter live;
  const RequestId last = live.begin(at(0));
  EXPECT_NE(live.router.feedback_id(last, 1, at(0)), "");
  live.router.on_result(last, Outcome::Success);
  EXPECT_EQ(live.total("error-rate", at(1'000)), (Count{0, 0}));
  EXPECT_TRUE(live.router.has_unreported_counts());
  live.router.stop_counting();
  EXPECT_EQ(live.total("error-rate", at(1'000)), (Count{1, 0}));
  EXPECT_EQ(live.total("thumbs-down", at(1'000)), (Count{1, 0})) << "later feedback reaches other gateways";
  EXPECT_FALSE(live.router.has_unreported_counts());
  live.router.on_result(live.begin(at(2'000)), Outcome::Success);
  EXPECT_EQ(live.total("error-rate", at(20'000)), (Count{1, 0})) << "no trial begins any more";
}

TEST(LiveDistributions, HoldUsersAnswersOfTheirRevision) {
  LiveRouter live;
  for (int turn = 1; turn <= 4; ++turn) {  // all turns, trials or not
    const RequestId id = live.begin(at(0), turn, "one conversation");
    live.router.on_first_token(id, Duration(40));
    live.router.on_result(id, answered(900, 30));
  }
  live.play(ended(Outcome::Error, 5));
  wire::GatewayReport report = live.router.report(at(-1), at(1'000));
  EXPECT_TRUE(report.distributions.empty()) << "only where asked for";
  live.router.add_distributions(report, at(1'000));
  using Buckets = std::map<std::string, std::int64_t>;
  const auto& told = report.distributions.at(kStable);
  EXPECT_EQ(told.at("ttft").buckets, (Buckets{{std::to_string(log_bucket(40'000)), 4}}));
  EXPECT_EQ(told.at("latency").buckets, (Buckets{{std::to_string(log_bucket(900'000)), 4}}));
  EXPECT_EQ(told.at("tokens").buckets, (Buckets{{std::to_string(log_bucket(30)), 4}}));
  EXPECT_EQ(told.at("cost").buckets, (Buckets{{std::to_string(log_bucket(50)), 4}}));
  EXPECT_TRUE(wire::GatewayReport::parse(report.to_json()).ok());
}

}  // namespace
}  // namespace llmops::gateway
