#include "cli/status_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

std::string text_of(const Release& shown, const std::string& now = testing_support::kNow) {
  return status_text(shown, std::nullopt, at(now));
}

TEST(StatusText, ShowsWhatUsersHaveAndTheNextStepsWhenNothingRuns) {
  const std::string text = text_of(release("Healthy"));
  EXPECT_THAT(text, HasSubstr("support-bot in namespace shop\n"));
  EXPECT_THAT(text, HasSubstr("Phase      Healthy\n"));
  EXPECT_THAT(text, HasSubstr("Gateways   2/2 have confirmed traffic epoch 19\n"));
  EXPECT_THAT(text, ContainsRegex("stable +5 +57a68913d2 +Engine +100 % +2/2 +Servable\n"));
  EXPECT_THAT(
      text,
      HasSubstr("Steps of the next release\n  setCanaryScale 1 → analysis support-golden → setWeight 20"));
  EXPECT_THAT(text, Not(HasSubstr("not as wished")));
}

TEST(StatusText, ShowsHistoryWithTheNumbersThatDecided) {
  const std::string text = text_of(release("Healthy"));
  EXPECT_THAT(text,
              ContainsRegex("4 +RolledBack +Model +support-golden +4s +1m 37s ago +answer-contains −0.3333 "
                            "\\(margin 0.1000\\), n = 60\n"));
  EXPECT_THAT(text,
              ContainsRegex(
                  "1 +Promoted +Model, Engine, Prompt .*answer-contains 0.9167 \\(min 0.8500\\), n = 60\n"));
}

TEST(StatusText, ShowsAtMostFiveLinesOfHistoryAndSaysSo) {
  Json object = release_object("Healthy");
  Json& history = object["status"]["history"];
  history.push_back(history.back());
  const std::string text = text_of(release(object));
  EXPECT_THAT(text, HasSubstr("History: the last 5 of 6\n"));
}

TEST(StatusText, ShowsRejectedContentsWithTheirGate) {
  EXPECT_THAT(text_of(release("Healthy")),
              ContainsRegex("acaaa3efd3 +Model +GateFailed +support-golden +answer-contains +1m 37s ago"));
}

TEST(StatusText, MarksTheStepThatIsOn) {
  const std::string text = text_of(release("Progressing"), "2026-11-21T10:32:50Z");
  EXPECT_THAT(text, HasSubstr("Phase      Progressing, step 1/6\n"));
  EXPECT_THAT(text, HasSubstr("  ✔ 1/6  setCanaryScale"));
  EXPECT_THAT(text, HasSubstr("  ▶ 2/6  analysis golden   (since "));
  EXPECT_THAT(text, HasSubstr("  · 3/6  setWeight 20\n"));
  EXPECT_THAT(text, HasSubstr("Waiting    Gate golden, for 3s\n"));
  EXPECT_THAT(text, HasSubstr("Run 2, revision 2 instead of revision 1, begun "));
}

TEST(StatusText, PrefersThePinnedStepsToThoseOfTheSpec) {
  Release shown = release("Progressing");
  std::vector<api::CanaryStep> plan(2);
  plan[0].set_weight = 7;
  plan[1].set_weight = 77;
  const std::string text = status_text(shown, plan, at("2026-11-21T10:32:50Z"));
  EXPECT_THAT(text, AllOf(HasSubstr("  ✔ 1/2  setWeight 7\n"), HasSubstr("  ▶ 2/2  setWeight 77   (since")));
}

TEST(StatusText, SaysUntilWhenAPauseLasts) {
  EXPECT_THAT(text_of(release("Paused"), "2026-11-21T10:33:20Z"),
              AllOf(HasSubstr("Phase      Paused, step 3/6\n"),
                    HasSubstr("Waiting    Time, for 514ms, until 2026-11-21T10:33:21Z (in 1s)\n"),
                    ContainsRegex("candidate +2 .* 20 % ")));
}

TEST(StatusText, SaysHowLongCapacityMayTakeInAFirstDeploy) {
  EXPECT_THAT(
      text_of(release("FirstDeploy"), "2026-11-21T10:32:05Z"),
      AllOf(HasSubstr("Capacity, for "), HasSubstr("at most until 2026-11-21T11:02:05Z (in 30 min)"),
            HasSubstr("the first deploy, steps are skipped"), ContainsRegex("candidate +1 .*Provisioning\n"),
            ContainsRegex("Available=False \\(NotServing\\)")));
}

TEST(StatusText, ShowsThePreviousStableWhileItIsWarm) {
  EXPECT_THAT(text_of(release("Baking"), "2026-11-21T10:35:00Z"),
              AllOf(HasSubstr("Phase      Baking\n"),
                    ContainsRegex("previous +1 .* kept warm until 2026-11-21T10:35:02Z \\(in 2s\\)\n")));
}

TEST(StatusText, CrossesTheStepThatFailed) {
  EXPECT_THAT(text_of(release("RollingBack")),
              AllOf(HasSubstr("  ✘ 2/6  analysis golden\n"), HasSubstr("  · 3/6  setWeight 20\n")));
}

TEST(StatusText, ShowsThatTheSpecAsksForWhatWasRejected) {
  EXPECT_THAT(text_of(release("RolledBack")),
              AllOf(HasSubstr("Phase      RolledBack\n"), ContainsRegex("stable +2 "),
                    ContainsRegex("asked for +3 .*rejected\n"),
                    HasSubstr("Conditions that are not as wished\n"), HasSubstr("Ready=False (Rejected)\n"),
                    HasSubstr("Stalled=True (NeedsChange)\n"), HasSubstr("llmops why bot -n shop explains")));
}

TEST(StatusText, ShowsWhyUsersAreNotServed) {
  EXPECT_THAT(text_of(release("Degraded")),
              AllOf(HasSubstr("revision 1 is not available: engine pods ready 2/2, gateway pods ready 0"),
                    HasSubstr("Available=False")));
}

TEST(StatusText, NamesTheReferenceThatIsMissing) {
  EXPECT_THAT(text_of(release("Pending")), AllOf(HasSubstr("Waiting    Reference"),
                                                 HasSubstr("EvalGate golden has not been validated yet"),
                                                 HasSubstr("ReferencesResolved=False (ReferenceProblem)\n")));
}

TEST(StatusText, SaysThatTheOperatorIsBehindTheSpec) {
  Json object = release_object("Healthy");
  object["metadata"]["generation"] = 9;
  EXPECT_THAT(text_of(release(object)),
              HasSubstr("the operator has seen generation 5 of the spec, the latest is 9"));
}

TEST(StatusText, NamesAnEpochThatGatewaysHaveNotConfirmed) {
  Json object = release_object("Healthy");
  object["status"]["epoch"] = 20;
  EXPECT_THAT(text_of(release(object)), HasSubstr("2/2 have confirmed traffic epoch 19; epoch 20 not yet"));
}

TEST(StatusText, ShowsAnObjectThatTheOperatorHasNotSeen) {
  Json object = release_object("Healthy");
  object.erase("status");
  EXPECT_THAT(text_of(release(object)), HasSubstr("Phase      not seen by the operator yet\n"));
}

TEST(StatusJson, HasTheStatusAsTheApiGivesItAndTheStateOfEachStep) {
  const Json shown = status_json(release("Progressing"), std::nullopt);
  EXPECT_EQ(shown["name"], "bot");
  EXPECT_EQ(shown["status"]["run"]["number"], 2);
  ASSERT_EQ(shown["steps"].size(), 6u);
  EXPECT_EQ(shown["steps"][0]["state"], "Done");
  EXPECT_EQ(shown["steps"][1]["state"], "Current");
  EXPECT_EQ(shown["steps"][2], Json({{"step", {{"setWeight", 20}}}, {"state", "Ahead"}}));
}

TEST(StatusTable, HasALineForEachAndTheNamespaceOnDemand) {
  const std::vector<Release> all{release("Healthy"), release("Paused")};
  const std::string plain = status_table(all, false, at("2026-11-21T10:33:20Z"));
  EXPECT_THAT(plain,
              ContainsRegex("^NAME +PHASE +STEP +WEIGHT +STABLE +CANDIDATE +WAITING +READY +AGE +MESSAGE\n"));
  EXPECT_THAT(
      plain,
      ContainsRegex("support-bot +Healthy +- +- +5 +- +- +True +8m 36s +revision 5 serves all traffic\n"));
  EXPECT_THAT(plain, ContainsRegex("bot +Paused +3/6 +20 % +1 +2 +Time +False +"));
  EXPECT_THAT(status_table(all, true, at("2026-11-21T10:33:20Z")),
              ContainsRegex("^NAMESPACE +NAME .*\nshop +support-bot "));
}

TEST(ReadRelease, RefusesAStatusOfAnotherShapeAndNamesTheField) {
  Json object = release_object("Healthy");
  object["status"]["phase"] = "Sideways";
  const auto read = read_release(object);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message,
              AllOf(HasSubstr("shop/support-bot"), HasSubstr("phase"), HasSubstr("Sideways")));
}

TEST(ReadRelease, ShowsAStatusBesideASpecThatItDoesNotKnow) {
  Json object = release_object("Healthy");
  object["spec"] = {{"backend", {{"somethingNew", true}}}};
  ASSERT_TRUE(read_release(object));
}

}  // namespace
}  // namespace llmops::cli
