#include "gateway/router/router.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixtures.hpp"
#include "gateway/router/bucket.hpp"

namespace llmops::gateway {
namespace {

using namespace testing;
using ::testing::HasSubstr;

Timestamp at(long long ms) {
  return Timestamp(Duration(1'800'000'000'000 + ms));
}

Router router_with(const ConfigOptions& options, RouterOptions router_options = {}) {
  Router router(router_options);
  const auto taken = router.on_config(config_of(options), bodies_of(options));
  EXPECT_TRUE(taken.ok()) << taken.error().message;
  return router;
}

void add_pods(Router& router, const std::string& serving_hash, std::vector<std::string> uids,
              std::int64_t slots = 1) {
  std::vector<EndpointAddress> addresses;
  for (const auto& uid : uids) addresses.push_back(pod(uid));
  (void)router.on_endpoints(serving_hash, addresses);
  for (const auto& uid : uids) router.on_probe(uid, true, slots);
}

// One request that stays where it is placed, and goes away when it is not.
Decision ask(Router& router, const std::string& key = "c") {
  const RequestId id = router.begin(at(0));
  Decision decision = router.route(id, "bot", key);
  if (decision.placement != Placement::Routed) router.on_result(id, Outcome::ClientGone);
  return decision;
}

TEST(Assignment, GivesEachWeightExactlyItsBuckets) {
  for (const std::int64_t weight : {0, 1, 5, 50, 100}) {
    ConfigOptions options;
    options.weight = weight;
    const auto snapshot = make_snapshot(config_of(options), bodies_of(options), nullptr);
    ASSERT_TRUE(snapshot.ok());
    std::int64_t candidate = 0;
    for (std::uint32_t bucket = 0; bucket < kBuckets; ++bucket) {
      const Arm* arm = snapshot->models[0].arm_of_bucket(bucket);
      ASSERT_NE(arm, nullptr);
      if (arm->name == "candidate") ++candidate;
    }
    EXPECT_EQ(candidate, weight * 100);
  }
}

TEST(Assignment, KeepsAConversationOnItsArmWhileTheWeightRises) {
  std::vector<std::string> on_candidate;
  for (const std::int64_t weight : {1, 5, 50, 100}) {
    ConfigOptions options;
    options.weight = weight;
    Router router = router_with(options);
    for (const auto& key : on_candidate) EXPECT_EQ(ask(router, key).arm, "candidate");
    on_candidate.clear();
    for (int i = 0; i < 400; ++i)
      if (const std::string key = std::to_string(i); ask(router, key).arm == "candidate")
        on_candidate.push_back(key);
    EXPECT_NEAR(static_cast<double>(on_candidate.size()), 4.0 * static_cast<double>(weight), 35);
  }
}

TEST(Assignment, FollowsFromTheBucketAndTheStampedEpoch) {
  ConfigOptions options;
  options.weight = 50;
  options.epoch = 7;
  Router router = router_with(options);
  for (int i = 0; i < 200; ++i) {
    const Decision decision = ask(router, std::to_string(i));
    EXPECT_EQ(decision.epoch, 7);
    EXPECT_EQ(decision.bucket, bucket_of("run-1", std::to_string(i)));
    EXPECT_EQ(decision.arm, decision.bucket < 5'000 ? "candidate" : "stable");
    EXPECT_EQ(decision.revision->hash, decision.bucket < 5'000 ? kCandidate : kStable);
  }
}

TEST(Configuration, OfALowerEpochOrOtherContentUnderTheSameEpochIsRefused) {
  ConfigOptions options;
  options.epoch = 5;
  Router router = router_with(options);
  EXPECT_TRUE(router.on_config(config_of(options), {}).ok())
      << "the same again is a no-op that needs no bodies";
  ConfigOptions lower;
  lower.epoch = 4;
  auto refused = router.on_config(config_of(lower), bodies_of(lower));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::Conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("found epoch 4, allowed at least 5"));
  ConfigOptions other = options;
  other.weight = 10;
  EXPECT_FALSE(router.on_config(config_of(other), bodies_of(other)).ok());
  EXPECT_EQ(router.epoch(), 5);
  EXPECT_EQ(router.config()->models[0].arms[1].weight, 0);
}

TEST(Configuration, ThatIsWrongLeavesTheOneInForce) {
  ConfigOptions options;
  Router router = router_with(options);
  options.epoch = 2;
  const auto refusal = [&](const wire::GatewayConfig& config, const RevisionBodies& bodies) {
    const auto taken = router.on_config(config, bodies);
    EXPECT_FALSE(taken.ok());
    return taken.ok() ? "" : taken.error().message;
  };
  options.other_pods = true;  // so that the candidate is not shared with the configuration in force
  auto config = config_of(options);
  auto bodies = bodies_of(options);
  config.models[0].revisions[1].body.digest = sha256_hex("new");
  bodies.erase(kCandidate);
  EXPECT_THAT(refusal(config, bodies), HasSubstr("models[0].revisions[1].body: found no body of revision"));
  bodies = bodies_of(options);
  bodies[kCandidate].prompt->messages[0].content = "{{who}}";
  EXPECT_THAT(refusal(config, bodies), HasSubstr("variable \"who\" is not declared"));
  bodies = bodies_of(options);
  config.models[0].arms[0].buckets[0].from = 1;
  EXPECT_THAT(refusal(config, bodies),
              HasSubstr("models[0].arms[0].buckets: found 9999 buckets, allowed 10000"));
  config = config_of(options);
  config.models[0].arms[1].weight = 1;
  config.models[0].arms[1].buckets = {{0, 100}};
  EXPECT_THAT(refusal(config, bodies), HasSubstr("in two arms"));
  config = config_of(options);
  config.models[0].arms[0].revision = "nobody";
  EXPECT_THAT(refusal(config, bodies), HasSubstr("models[0].arms[0].revision"));
  config = config_of(options);
  config.models[0].stickiness = {"cookie:x"};
  EXPECT_THAT(refusal(config, bodies), HasSubstr("stickiness"));
  EXPECT_EQ(router.epoch(), 1);
}

TEST(Configuration, SharesUnchangedRevisionsAndLeavesRunningRequestsTheirs) {
  ConfigOptions options;
  Router router = router_with(options);
  add_pods(router, kServing, {"a"});
  const Decision running = ask(router);
  options.epoch = 2;
  options.weight = 100;
  ASSERT_TRUE(router.on_config(config_of(options), bodies_of(options)).ok());
  EXPECT_EQ(router.config()->models[0].revisions[0], running.revision);
  EXPECT_EQ(running.revision->hash, kStable);
  EXPECT_EQ(router.in_flight().at(kStable), 1);
}

TEST(Placement, TakesTheEndpointWithTheFewestRequestsForItsSlots) {
  Router router = router_with({});
  (void)router.on_endpoints(kServing, {pod("small"), pod("large")});
  router.on_probe("small", true, 1);
  router.on_probe("large", true, 3);
  std::map<std::string, int> placed;
  for (int i = 0; i < 8; ++i) {
    const Decision decision = ask(router);
    ASSERT_EQ(decision.placement, Placement::Routed);
    ++placed[decision.endpoint->address.pod_uid];
  }
  EXPECT_EQ(placed["small"], 2);
  EXPECT_EQ(placed["large"], 6);
  EXPECT_EQ(ask(router).placement, Placement::Saturated) << "two requests for each slot";
}

TEST(Placement, NeedsAServableEndpointAndPrefersOneThatIsNotTerminating) {
  Router router = router_with({});
  EXPECT_EQ(ask(router).placement, Placement::NoEndpoint);
  EndpointAddress leaving = pod("leaving");
  leaving.terminating = true;
  (void)router.on_endpoints(kServing, {leaving, pod("fresh")});
  EXPECT_EQ(ask(router).placement, Placement::NoEndpoint) << "nobody was probed";
  router.on_probe("leaving", true, 4);
  EXPECT_EQ(ask(router).endpoint->address.pod_uid, "leaving") << "better than nobody";
  router.on_probe("fresh", true, 4);
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(ask(router).endpoint->address.pod_uid, "fresh") << "however many it has more";
  router.on_probe("fresh", false, 0);
  router.on_probe("leaving", false, 0);
  EXPECT_EQ(ask(router).placement, Placement::NoEndpoint);
}

TEST(Placement, TriesAnotherEndpointOfTheSameRevisionAfterAFailure) {
  Router router = router_with({});
  add_pods(router, kServing, {"a", "b"});
  const RequestId id = router.begin(at(0));
  const Decision first = router.route(id, "bot", "c");
  const std::string failed = first.endpoint->address.pod_uid;
  const Decision second = router.route(id, "bot", "c", {failed});
  ASSERT_EQ(second.placement, Placement::Routed);
  EXPECT_NE(second.endpoint->address.pod_uid, failed);
  EXPECT_EQ(second.revision, first.revision);
  EXPECT_EQ(first.endpoint->in_flight, 0u) << "the failed one is given back";
  router.on_probe(second.endpoint->address.pod_uid, false, 0);
  EXPECT_EQ(router.route(id, "bot", "c", {failed}).endpoint->address.pod_uid, failed) << "the only one left";
}

TEST(Placement, PassesASuspectedEndpointOverUntilAProbeHasLooked) {
  Router router = router_with({});
  add_pods(router, kServing, {"a"});
  router.on_suspicion("a");
  EXPECT_NE(ask(router).placement, Placement::Routed);
  EXPECT_TRUE(router.ready()) << "a closed connection is no outage";
  EXPECT_EQ(router.report(at(-1), at(0)).endpoints.at(kServing), (wire::EndpointCount{1, 1}));
  router.on_probe("a", true, 0);
  EXPECT_EQ(ask(router).placement, Placement::Routed);
}

TEST(Placement, LetsThoseWhoWaitLongestGoFirst) {
  Router router = router_with({}, {1.0, 2});
  add_pods(router, kServing, {"a"});
  const RequestId holder = router.begin(at(0));
  ASSERT_EQ(router.route(holder, "bot", "c").placement, Placement::Routed);
  const RequestId first = router.begin(at(1));
  const RequestId second = router.begin(at(2));
  EXPECT_EQ(router.route(first, "bot", "c").placement, Placement::Saturated);
  EXPECT_EQ(router.route(second, "bot", "c").placement, Placement::Saturated);
  EXPECT_EQ(ask(router).placement, Placement::QueueFull);
  EXPECT_EQ(router.waiting(), 2u);
  router.on_result(holder, Outcome::Success);
  EXPECT_EQ(router.route(second, "bot", "c").placement, Placement::Saturated)
      << "the place is the first one's";
  EXPECT_EQ(router.route(first, "bot", "c").placement, Placement::Routed);
  router.on_result(first, Outcome::ClientGone);
  EXPECT_EQ(router.route(second, "bot", "c").placement, Placement::Routed);
  EXPECT_EQ(router.waiting(), 0u);
}

TEST(Overflow, ShedsWhatFindsNoRoomAtOnceAndWhatWaitsAlready) {
  Router router = router_with({}, {1.0, 8});
  add_pods(router, kServing, {"a"});
  const RequestId holder = router.begin(at(0));
  ASSERT_EQ(router.route(holder, "bot", "c").placement, Placement::Routed);
  const RequestId waiting = router.begin(at(1));
  EXPECT_EQ(router.route(waiting, "bot", "c").placement, Placement::Saturated);
  ConfigOptions shed{.epoch = 2};
  shed.overflow = wire::Overflow::Shed;
  ASSERT_TRUE(router.on_config(config_of(shed), bodies_of(shed)).ok());
  EXPECT_EQ(router.route(waiting, "bot", "c").placement, Placement::QueueFull);
  EXPECT_EQ(ask(router).placement, Placement::QueueFull);
  EXPECT_EQ(router.waiting(), 0u);
  router.on_probe("a", false, 0);
  EXPECT_TRUE(router.ready()) << "users are told 429, not left without anybody who listens";
  router.on_probe("a", true, 0);
  const RequestId evaluation = router.begin(at(2));
  EXPECT_EQ(router.route_evaluation(evaluation, kStable).placement, Placement::Saturated)
      << "evaluations wait for their share";
  router.on_result(evaluation, Outcome::ClientGone);
  router.on_result(holder, Outcome::Success);
  const RequestId last = router.begin(at(3));
  EXPECT_EQ(router.route(last, "bot", "c").placement, Placement::Routed);
  router.on_result(last, Outcome::Success);
  EndpointAddress leaving = pod("a");
  leaving.terminating = true;
  (void)router.on_endpoints(kServing, {leaving});
  EXPECT_EQ(ask(router).placement, Placement::QueueFull) << "its engine would be stopped under the request";
}

TEST(Overflow, OverloadsTheEnginesThatAreThere) {
  ConfigOptions overload;
  overload.overflow = wire::Overflow::Overload;
  Router router = router_with(overload, {1.0, 8});
  EXPECT_EQ(ask(router).placement, Placement::NoEndpoint) << "none is there";
  add_pods(router, kServing, {"a"});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ask(router).placement, Placement::Routed);
}

TEST(Placement, ForgetsAWaitingRequestThatWentAway) {
  Router router = router_with({}, {1.0, 8});
  add_pods(router, kServing, {"a"});
  const RequestId holder = router.begin(at(0));
  (void)router.route(holder, "bot", "c");
  const RequestId waiting = router.begin(at(1));
  (void)router.route(waiting, "bot", "c");
  router.on_result(waiting, Outcome::ClientGone);
  router.on_result(holder, Outcome::Success);
  EXPECT_EQ(ask(router).placement, Placement::Routed);
}

TEST(Placement, WaitsForTheNewArmOnceAHeldRequestIsAssignedAnew) {
  ConfigOptions options;
  options.weight = 100;
  options.other_pods = true;
  Router router = router_with(options);
  add_pods(router, kServing, {"a"});
  router.on_probe("a", false, 0);
  const RequestId id = router.begin(at(0));
  EXPECT_EQ(router.route(id, "bot", "c").placement, Placement::NoEndpoint);
  router.on_probe("a", true, 1);
  options.epoch = 2;
  options.weight = 0;
  ASSERT_TRUE(router.on_config(config_of(options), bodies_of(options)).ok());
  const Decision decision = router.route(id, "bot", "c");
  EXPECT_EQ(decision.placement, Placement::Routed);
  EXPECT_EQ(decision.epoch, 2);
  EXPECT_EQ(decision.arm, "stable");
  EXPECT_EQ(router.waiting(), 0u);
}

TEST(Fallback, AnswersByStableWhatACandidateWithoutPodsCannotAndCountsAnErrorOfTheCandidate) {
  ConfigOptions options;
  options.weight = 100;
  options.other_pods = true;
  Router router = router_with(options);
  add_pods(router, kServing, {"stable-1"}, 8);
  add_pods(router, kOtherServing, {"candidate-1"}, 8);
  router.on_probe("candidate-1", false, 0);
  const RequestId id = router.begin(at(0));
  const Decision decision = router.route(id, "bot", conversation_with_trial_at(1, 0));
  EXPECT_EQ(decision.placement, Placement::Routed);
  EXPECT_EQ(decision.assigned, "candidate");
  EXPECT_EQ(decision.arm, "stable");
  EXPECT_EQ(decision.revision->hash, kStable);
  router.on_result(id, Outcome::Success);
  router.on_probe("candidate-1", true, 8);
  const RequestId back = router.begin(at(0));
  EXPECT_EQ(router.route(back, "bot", conversation_with_trial_at(1, 1)).arm, "candidate")
      << "as soon as a pod serves again";
  router.on_result(back, Outcome::Success);
  const auto report = router.report(at(-1), at(20'000));
  EXPECT_EQ(report.slots[0].arms.at(kCandidate).at("error-rate"), (wire::TrialCount{2, 1}));
  EXPECT_EQ(report.slots[0].arms.count(kStable), 0u) << "nothing of it is stable's";
}

TEST(Fallback, NeverGivesStablesRequestsToACandidate) {
  ConfigOptions options;
  options.weight = 0;
  options.other_pods = true;
  Router router = router_with(options);
  add_pods(router, kOtherServing, {"candidate-1"}, 8);
  const RequestId id = router.begin(at(0));
  const Decision decision = router.route(id, "bot", "c");
  EXPECT_EQ(decision.placement, Placement::NoEndpoint);
  EXPECT_EQ(decision.arm, "stable");
}

TEST(Refusal, SaysWhy) {
  Router empty;
  EXPECT_EQ(empty.route(empty.begin(at(0)), "bot", "c").refusal.code, ErrorCode::Unavailable);
  ConfigOptions closed;
  closed.open = false;
  Router router = router_with(closed);
  EXPECT_EQ(ask(router).placement, Placement::Refused);
  EXPECT_EQ(ask(router).refusal.code, ErrorCode::Unavailable);
  EXPECT_EQ(router.route(router.begin(at(0)), "gpt-4", "c").refusal.code, ErrorCode::NotFound);
  EXPECT_EQ(router.route_evaluation(router.begin(at(0)), "nobody").refusal.code, ErrorCode::NotFound);
}

TEST(Evaluation, ReachesAnyRevisionWhileClosedAndTakesAtMostItsShare) {
  ConfigOptions options;
  options.open = false;
  options.share = 0.5;
  Router router = router_with(options);
  add_pods(router, kServing, {"a", "b"}, 2);
  EXPECT_EQ(router.route_evaluation(router.begin(at(0)), kCandidate).placement, Placement::Routed);
  const RequestId last = router.begin(at(0));
  const Decision second = router.route_evaluation(last, kStable);
  EXPECT_EQ(second.placement, Placement::Routed);
  EXPECT_EQ(second.arm, "evaluation");
  EXPECT_EQ(router.route_evaluation(router.begin(at(0)), kCandidate).placement, Placement::Saturated);
  router.on_result(last, Outcome::Success);
  EXPECT_EQ(router.route_evaluation(router.begin(at(0)), kCandidate).placement, Placement::Routed);
}

TEST(Evaluation, HasAtLeastOneSlot) {
  ConfigOptions options;
  options.share = 0.01;
  Router router = router_with(options);
  add_pods(router, kServing, {"a"}, 1);
  EXPECT_EQ(router.route_evaluation(router.begin(at(0)), kCandidate).placement, Placement::Routed);
  EXPECT_EQ(router.route_evaluation(router.begin(at(0)), kCandidate).placement, Placement::Saturated);
}

TEST(Endpoints, KeepTheirStateByPodUidAndStartAnewWithAnotherAddress) {
  Router router = router_with({});
  add_pods(router, kServing, {"a"}, 4);
  EndpointAddress same = pod("a");
  same.ready = false;
  EXPECT_TRUE(router.on_endpoints(kServing, {same}).added.empty());
  EXPECT_TRUE(router.endpoints().find("a")->servable);
  EXPECT_EQ(router.endpoints().find("a")->slots(), 4u);
  const auto change = router.on_endpoints(short_hash(kServing), {pod("b")});
  ASSERT_EQ(change.added.size(), 1u);
  ASSERT_EQ(change.removed.size(), 1u);
  EXPECT_TRUE(change.removed[0]->gone);
  EXPECT_FALSE(router.endpoints().find("b")->servable) << "the same IP under another UID is another pod";
  EXPECT_EQ(router.on_endpoints(kServing, {}).removed.size(), 1u);
  EXPECT_TRUE(router.endpoints().all().empty());
}

TEST(Readiness, NeedsAnOpenModelAndAServableEndpointOfAnArmWithWeight) {
  ConfigOptions options;
  options.other_pods = true;
  Router router = router_with(options);
  EXPECT_FALSE(Router().ready());
  EXPECT_FALSE(router.ready());
  add_pods(router, kOtherServing, {"candidate"});
  EXPECT_FALSE(router.ready()) << "the candidate has no weight";
  add_pods(router, kServing, {"a"});
  EXPECT_TRUE(router.ready());
  options.open = false;
  EXPECT_FALSE(router_with(options).opened());
}

TEST(Readiness, WaitsInTheBeginningForAProbeOfEachArmWithWeight) {
  ConfigOptions options;
  options.weight = 20;
  options.other_pods = true;
  Router router = router_with(options);
  (void)router.on_endpoints(kServing, {pod("stable-1"), pod("stable-2")});
  (void)router.on_endpoints(kOtherServing, {pod("candidate")});
  router.on_probe("candidate", true, 8);
  EXPECT_FALSE(router.ready()) << "stable's users would find nobody";
  router.on_probe("stable-1", true, 8);
  EXPECT_TRUE(router.ready()) << "one of two is enough";
  // Later an arm without a servable pod is no reason to leave.
  (void)router.on_endpoints(kOtherServing, {pod("candidate-2")});
  EXPECT_TRUE(router.ready());
}

TEST(Readiness, WaitsForNoProbeThatFoundAnEngineBrokenAndForNoPodThatIsNotReady) {
  ConfigOptions options;
  options.weight = 20;
  options.other_pods = true;
  Router router = router_with(options);
  EndpointAddress loading = pod("loading");
  loading.ready = false;
  (void)router.on_endpoints(kServing, {pod("stable")});
  (void)router.on_endpoints(kOtherServing, {pod("broken"), loading});
  router.on_probe("stable", true, 8);
  EXPECT_FALSE(router.ready());
  router.on_probe("broken", false, 0);
  EXPECT_TRUE(router.ready());
}

TEST(Release, GivesBackAPlaceAmongThoseWhoWait) {
  Router router = router_with({});
  (void)router.on_endpoints(kServing, {pod("a")});
  const RequestId waiting = router.begin(at(0));
  EXPECT_EQ(router.route(waiting, "bot", "c").placement, Placement::NoEndpoint);
  EXPECT_EQ(router.waiting(), 1u);
  router.release(waiting);
  EXPECT_EQ(router.waiting(), 0u);
  EXPECT_EQ(router.route(waiting, "bot", "c").placement, Placement::NoEndpoint) << "and may ask again";
  EXPECT_EQ(router.waiting(), 1u);
}

TEST(Report, CountsWhatRunsByRevisionAndEndpointsByServingHash) {
  ConfigOptions options;
  options.epoch = 3;
  options.other_pods = true;
  Router router = router_with(options);
  (void)router.on_endpoints(kServing, {pod("a"), pod("b")});
  router.on_probe("a", true, 8);
  const auto end = [&](Outcome outcome) {
    const RequestId id = router.begin(at(0));
    (void)router.route(id, "bot", "c");
    router.on_result(id, outcome);
  };
  end(Outcome::Success);
  const RequestId evaluation = router.begin(at(0));
  (void)router.route_evaluation(evaluation, kStable);
  router.on_result(evaluation, Outcome::Error);
  const RequestId running = router.begin(at(6'000));
  (void)router.route(running, "bot", "c");

  const auto report = router.report(at(-1), at(20'000));
  EXPECT_EQ(report.version, "gatewayreport/v1");
  EXPECT_EQ(report.epoch, 3);
  EXPECT_TRUE(report.opened);
  EXPECT_EQ(report.endpoints.at(kServing), (wire::EndpointCount{1, 2}));
  EXPECT_EQ(report.endpoints.at(kOtherServing), (wire::EndpointCount{0, 0}));
  EXPECT_EQ(report.in_flight, (std::map<std::string, std::int64_t>{{kStable, 1}}));
  EXPECT_TRUE(wire::GatewayReport::parse(report.to_json()).ok());
}

}  // namespace
}  // namespace llmops::gateway
