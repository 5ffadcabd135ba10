// The live view, and how it is put on a screen.
#include "cli/release_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/icons.hpp"
#include "cli/screen.hpp"
#include "fixtures.hpp"

namespace llmops::cli {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using testing_support::at;
using testing_support::release;
using testing_support::release_object;

PodLine engine_pod(const std::string& name, const std::string& serving_hash,
                   const std::string& state = "Running") {
  PodLine pod;
  pod.name = name;
  pod.component = "engine";
  pod.serving_hash = serving_hash.substr(0, 10);
  pod.state = state;
  pod.containers = 1;
  pod.ready = state == "Running" ? 1 : 0;
  pod.created = at("2026-11-21T10:32:20Z");
  return pod;
}

RunLine eval_run(const std::string& name, std::int64_t revision, std::int64_t run, api::EvalRunPhase phase) {
  RunLine line;
  line.name = name;
  line.created = at("2026-11-21T10:32:40Z");
  line.record.spec.gate = "golden";
  line.record.spec.run = run;
  line.record.spec.revision.revision = revision;
  line.record.status.emplace();
  line.record.status->phase = phase;
  line.record.status->message = "answer-contains 0.9000";
  return line;
}

std::string text_of(const ReleaseScene& scene) {
  return release_scene_text(scene, at("2026-11-21T10:33:20Z"));
}

TEST(ReleaseTree, HasTheHeadThatPeopleKnowFromRollouts) {
  const Release shown = release("Paused");
  EXPECT_THAT(text_of({shown, std::nullopt, {}, {}, {}}),
              ::testing::StartsWith("Name:            bot\n"
                                    "Namespace:       shop\n"
                                    "Status:          ॥ Paused\n"
                                    "Message:         step 3/6, weight 20 %"));
  EXPECT_THAT(
      text_of({shown, std::nullopt, {}, {}, {}}),
      AllOf(HasSubstr("\nWaiting:         Time, until 2026-11-21T10:33:21Z\n"),
            HasSubstr("\nStrategy:        Canary\n  Step:          3/6\n  SetWeight:     20\n"
                      "  ActualWeight:  20\n  Steps:         ✔ setCanaryScale 1 → ✔ analysis golden → ✔ "
                      "setWeight 20 → ▶ pause 2s"),
            HasSubstr("\nReplicas:\n  Desired:       3\n  Servable:      3\n")));
}

TEST(ReleaseTree, PutsArmsPodsAndEvalRunsUnderTheirRevision) {
  const Release shown = release("Progressing");
  const auto& arms = shown.status.arms;
  const ReleaseScene scene{
      shown,
      std::nullopt,
      {eval_run("bot-run-1-0-0-0", 1, 1, api::EvalRunPhase::Successful),
       eval_run("bot-run-2-1-0-0", 2, 2, api::EvalRunPhase::Running)},
      {engine_pod("stable-1", arms[0].serving_hash), engine_pod("stable-2", arms[0].serving_hash),
       engine_pod("candidate-1", arms[1].serving_hash, "ContainerCreating")},
      {}};
  const std::string text = text_of(scene);
  const std::string tree = text.substr(text.find("NAME "));
  EXPECT_THAT(tree,
              ContainsRegex("^NAME +KIND +STATUS +AGE +INFO\n"
                            "⟳ bot +ModelDeployment +◌ Progressing +1m 16s\n"
                            "├──# revision:2 +1bf18e5bae\n"
                            "│  ├──⧉ bot-engine-68b72beba1 +Engine +✔ Servable +candidate, weight 0 %, "
                            "servable 1/1\n"
                            "│  │  └──□ candidate-1 +Pod +◌ ContainerCreating +1m 0s +ready:0/1\n"
                            "│  └──α bot-run-2-1-0-0 +EvalRun +◌ Running +40s +gate golden: answer-contains "
                            "0.9000\n"
                            "├──# revision:1 +08dcccebc0\n"
                            "│  ├──⧉ bot-engine-e12edda36a +Engine +✔ Servable +stable, weight 100 %, "
                            "servable 2/2\n"
                            "│  │  ├──□ stable-1 +Pod +✔ Running +1m 0s +ready:1/1\n"
                            "│  │  └──□ stable-2 +Pod +✔ Running +1m 0s +ready:1/1\n"
                            "│  └──α bot-run-1-0-0-0 +EvalRun +✔ Successful +40s +gate golden: "
                            "answer-contains 0.9000\n"
                            "└──⑃ bot-gateway +Gateway "));
}

TEST(ReleaseTree, ShowsSharedPodsOnceUnderTheRevisionThatHadThemFirst) {
  Release shown = release("Progressing");
  shown.status.candidate->serving_hash = shown.status.arms[1].serving_hash =
      shown.status.arms[0].serving_hash;
  const std::string text =
      text_of({shown, std::nullopt, {}, {engine_pod("shared", shown.status.arms[0].serving_hash)}, {}});
  EXPECT_EQ(text.find("□ shared"), text.rfind("□ shared"));
  EXPECT_GT(text.find("□ shared"), text.find("# revision:1"));
  EXPECT_THAT(text, HasSubstr("Desired:       2\n"));
}

TEST(ReleaseTree, KeepsWhatWasRolledBackInSight) {
  Release shown = release("RolledBack");
  const std::string text =
      text_of({shown, std::nullopt, {eval_run("bot-run-3-1-0-0", 3, 3, api::EvalRunPhase::Failed)}, {}, {}});
  EXPECT_THAT(text, AllOf(HasSubstr("Status:          ✖ RolledBack"),
                          ContainsRegex("├──# revision:3 +• no pods +[0-9a-f]{10}, RolledBack by golden\n"),
                          ContainsRegex("│  └──α bot-run-3-1-0-0 +EvalRun +✖ Failed ")));
}

TEST(ReleaseTree, ShowsOnlyEvalRunsOfARevisionsLatestRun) {
  const Release shown = release("Progressing");
  const std::string text = text_of({shown,
                                    std::nullopt,
                                    {eval_run("old", 2, 2, api::EvalRunPhase::Error),
                                     eval_run("new", 2, 3, api::EvalRunPhase::Inconclusive)},
                                    {},
                                    {}});
  EXPECT_THAT(text, AllOf(Not(HasSubstr("α old")), ContainsRegex("α new +EvalRun +⚠ Inconclusive ")));
}

TEST(ReleaseTree, ShowsEnginesThatAreStillGoing) {
  const Release shown = release("Healthy");
  EXPECT_THAT(
      text_of({shown, std::nullopt, {}, {engine_pod("leaving", "0123456789ab", "Terminating")}, {}}),
      ContainsRegex(
          "├──⧉ support-bot-engine-0123456789 +Engine +• going\n│  └──□ leaving +Pod +◌ Terminating"));
}

TEST(ReleaseTree, SaysWhenTheWeightIsNotInForceYet) {
  Release shown = release("Paused");
  shown.status.epoch = *shown.status.epoch + 1;
  EXPECT_THAT(text_of({shown, std::nullopt, {}, {}, {}}), HasSubstr("ActualWeight:  20 (epoch "));
}

TEST(ReleaseTree, ClaimsNothingForASpecThatTheOperatorHasNotSeen) {
  Release shown = release("Healthy");
  ++shown.generation;
  EXPECT_THAT(text_of({shown, std::nullopt, {}, {}, {}}),
              AllOf(HasSubstr("Status:          ◌ NotObserved\n"), Not(HasSubstr("✔ Healthy"))));
}

Json a_pod() {
  return {{"metadata", {{"name", "p"}, {"labels", {{"llmops.dev/component", "engine"}}}}},
          {"spec", {{"containers", {{{"name", "engine"}}}}}},
          {"status", {{"phase", "Pending"}}}};
}

TEST(PodLine, SaysWhatKubectlSays) {
  Json pod = a_pod();
  EXPECT_EQ(read_pod(pod).state, "Pending");
  pod["status"]["initContainerStatuses"] = {
      {{"name", "copy"}, {"state", {{"running", Json::object()}}}},
      {{"name", "check"}, {"state", {{"waiting", {{"reason", "PodInitializing"}}}}}}};
  EXPECT_EQ(read_pod(pod).state, "Init:0/2");
  pod["status"]["initContainerStatuses"][0]["state"] = {{"waiting", {{"reason", "ErrImagePull"}}}};
  EXPECT_EQ(read_pod(pod).state, "Init:ErrImagePull");
  EXPECT_EQ(icon_of(read_pod(pod)), kBadIcon);
  pod["status"].erase("initContainerStatuses");
  pod["status"]["phase"] = "Running";
  pod["status"]["containerStatuses"] = {{{"name", "engine"},
                                         {"ready", false},
                                         {"restartCount", 4},
                                         {"state", {{"waiting", {{"reason", "CrashLoopBackOff"}}}}}}};
  EXPECT_EQ(read_pod(pod).state, "CrashLoopBackOff");
  EXPECT_EQ(icon_of(read_pod(pod)), kBadIcon);
  EXPECT_EQ(info_of(read_pod(pod)), "ready:0/1,restarts:4");
  pod["status"]["containerStatuses"][0]["state"] = {{"terminated", {{"exitCode", 137}}}};
  EXPECT_EQ(read_pod(pod).state, "ExitCode:137");
  pod["metadata"]["deletionTimestamp"] = "2026-11-21T10:00:00Z";
  EXPECT_EQ(read_pod(pod).state, "Terminating");
}

TEST(PodLine, SaysWhyNoNodeTakesIt) {
  Json pod = a_pod();
  pod["status"]["conditions"] = {{{"type", "PodScheduled"},
                                  {"status", "False"},
                                  {"message", "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."}}};
  EXPECT_EQ(icon_of(read_pod(pod)), kWarningIcon);
  EXPECT_EQ(info_of(read_pod(pod)), "ready:0/1, 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.");
}

TEST(Screen, CutsWhatDoesNotFitTheWindow) {
  EXPECT_EQ(cut_to("one\ntwo\nthree\nfour\n", {4, 0}), "one\ntwo\n… and 2 more lines\n");
  EXPECT_EQ(cut_to("one\ntwo\nthree\n", {4, 0}), "one\ntwo\nthree\n");
  EXPECT_EQ(cut_to("│ ✔ Running\n", {0, 6}), "│ ✔ R…\n");
  EXPECT_EQ(cut_to("│ ✔ Running\n", {0, 11}), "│ ✔ Running\n");
  EXPECT_EQ(cut_to("한국어\n", {0, 5}), "한국…\n");
}

}  // namespace
}  // namespace llmops::cli
