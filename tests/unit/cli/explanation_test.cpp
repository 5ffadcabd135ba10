#include "cli/explanation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/explanation_text.hpp"
#include "fixtures.hpp"

namespace llmops::cli {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using testing_support::at;
using testing_support::controller_revision;
using testing_support::release;
using testing_support::release_object;

// Everything that the cluster kept.
Records records_of(const std::string& name, const Subject& subject, EvalRuns runs) {
  Records records;
  records.eval_runs = std::move(runs);
  const auto parts = [&](const std::string& hash) -> std::optional<Json> {
    const auto object = controller_revision(revision_name(name, hash));
    return object ? std::optional(object->at("data").at("parts")) : std::nullopt;
  };
  records.content = parts(subject.hash);
  if (subject.stable) records.stable_content = parts(subject.stable->hash);
  if (subject.run)
    if (const auto plan = controller_revision(plan_name(name, *subject.run))) records.plan = read_plan(*plan);
  return records;
}

Explanation explained(const Release& of, std::optional<std::int64_t> revision = std::nullopt,
                      EvalRuns runs = testing_support::eval_runs()) {
  const auto subject = choose_subject(of, runs, revision);
  EXPECT_TRUE(subject && *subject);
  const Records records = records_of(of.name, **subject, runs);
  return explain(of, **subject, records, at(testing_support::kNow));
}

std::string text_of(const Explanation& made) {
  return explanation_text(made, at(testing_support::kNow));
}

std::string unwrapped(std::string text) {
  for (std::size_t i = 1; i < text.size(); ++i)
    if (text[i] == '\n' || (text[i] == ' ' && text[i - 1] == ' ')) text[i] = ' ';
  std::string one;
  for (const char c : text)
    if (c != ' ' || one.empty() || one.back() != ' ') one += c;
  return one;
}

TEST(Why, TellsWhatAPrometheusSaid) {
  EvalRuns runs = testing_support::eval_runs();
  for (auto& [name, run] : runs) {
    run.spec.offline.reset();
    run.spec.prometheus.emplace();
    for (auto& metric : run.status->metrics)
      metric.message = "0 of 1 measurements successful, 1 failed (allowed 0): [0.9]";
  }
  const std::string text = unwrapped(text_of(explained(release("Healthy"), 4, runs)));
  EXPECT_THAT(text, AllOf(HasSubstr("Prometheus was asked for"),
                          HasSubstr("0 of 1 measurements successful, 1 failed (allowed 0): [0.9]"),
                          HasSubstr("Read the queries that were asked: kubectl get evalrun")));
  EXPECT_THAT(text, Not(HasSubstr("questions")));
}

TEST(Why, ExplainsARollbackWithChangeNumbersDecisionAndWaysOut) {
  const std::string text = unwrapped(text_of(explained(release("Healthy"), 4)));
  EXPECT_THAT(
      text, HasSubstr("Revision 4 of support-bot was rolled back: gate support-golden did not let it pass."));
  EXPECT_THAT(text, HasSubstr("Model uri − image:///models/good.gguf + image:///models/"));
  EXPECT_THAT(text, HasSubstr("Both revisions were asked 60 questions"));
  EXPECT_THAT(text,
              HasSubstr("The candidate scored 0.6667, revision 2 1.0000: a difference of −0.3333 (n = 60)."));
  EXPECT_THAT(text, HasSubstr("Allowed is a loss of less than 0.1000."));
  EXPECT_THAT(text, HasSubstr("worse than revision 2 on 20 of 60 and better on 0."));
  EXPECT_THAT(text, HasSubstr("It had to reach 0.8500 by itself, and it did not."));
  EXPECT_THAT(text, HasSubstr("Decided by gate support-golden; the release ended at 2026-11-21T10:28:04Z (1m "
                              "37s ago), 4s after"));
  EXPECT_THAT(text, HasSubstr("No user met it: the gate came before the first weight."));
  EXPECT_THAT(text, HasSubstr("Users stayed with revision 2."));
  EXPECT_THAT(text, HasSubstr("Change spec.backend.pods.model and apply it"));
  EXPECT_THAT(
      text,
      HasSubstr("change EvalGate support-golden (metric answer-contains) and apply this content again"));
}

TEST(Why, TellsWhatTheSpecStillAsksForAndHowToTakeItBack) {
  Json object = release_object("Healthy");
  Json& status = object["status"];
  status["desired"] = {{"revision", 4},
                       {"hash", status["history"][1]["hash"]},
                       {"servingHash", status["stable"]["servingHash"]}};
  status["phase"] = "RolledBack";
  const std::string text = unwrapped(text_of(explained(release(object), 4)));
  EXPECT_THAT(text, AllOf(HasSubstr("The spec still asks for it, so the phase stays RolledBack."),
                          HasSubstr("with another gate this revision is tried again by itself"),
                          HasSubstr("users already have revision 5, so nothing happens to them")));
}

TEST(Why, ShowsThePromptBeforeAndAfter) {
  const std::string text = unwrapped(text_of(explained(release("Healthy"), 3)));
  EXPECT_THAT(text, AllOf(HasSubstr("Prompt messages[0].content"), HasSubstr("full sentences. +"),
                          HasSubstr("Be brief."), HasSubstr("Change spec.promptRef and apply it")));
}

TEST(Why, ExplainsAPromotionAndTheWayBack) {
  const std::string text = unwrapped(text_of(explained(release("Healthy"))));
  EXPECT_THAT(text, HasSubstr("Revision 5 of support-bot was promoted: it took the place of revision 2."));
  EXPECT_THAT(text, HasSubstr("Engine engine.args + --no-warmup"));
  EXPECT_THAT(text, HasSubstr("Why: all steps passed, gate support-golden Successful."));
  EXPECT_THAT(text, HasSubstr("All conversations go to it."));
  EXPECT_THAT(text, HasSubstr("To go back, apply the content of revision 2 again; it keeps its number"));
}

TEST(Why, SaysThatThePreviousStableIsWarmDuringTheBake) {
  Release of = release("Baking");
  const auto subject = choose_subject(of, {}, std::nullopt);
  ASSERT_TRUE(subject && *subject);
  const std::string text = unwrapped(
      explanation_text(explain(of, **subject, {}, at("2026-11-21T10:35:00Z")), at("2026-11-21T10:35:00Z")));
  EXPECT_THAT(text, AllOf(HasSubstr("Pods of revision 1 are kept warm until 2026-11-21T10:35:02Z (in 2s)."),
                          HasSubstr("as long as it is kept warm that is only a change of weight")));
}

TEST(Why, SaysWhichRevisionTookThePlaceOfAnOldStable) {
  EXPECT_THAT(text_of(explained(release("Healthy"), 2)),
              HasSubstr("It was stable until revision 5 took its place 59s ago."));
}

TEST(Why, ExplainsAFirstDeployWithoutAComparison) {
  const std::string text = unwrapped(text_of(explained(release("Healthy"), 1)));
  EXPECT_THAT(text, AllOf(HasSubstr("was promoted: it was the first to serve users."),
                          HasSubstr("Everything is new: Model, Engine, Prompt."),
                          HasSubstr("The candidate was asked 60 questions"),
                          HasSubstr("The candidate scored 0.9167 (n = 60)."),
                          HasSubstr("It had to reach 0.8500 by itself, and it did."),
                          Not(HasSubstr("against stable"))));
}

TEST(Why, ExplainsTheReleaseThatIsOnAndHowToStopIt) {
  const Release of = release("Progressing");
  const std::string text = unwrapped(text_of(explained(of, std::nullopt, {})));
  EXPECT_THAT(text, AllOf(HasSubstr("Revision 2 of bot is being released in place of revision 1."),
                          HasSubstr("No gate has judged this revision."),
                          HasSubstr("Where it stands step 1/6, weight 0 %: gate golden is being measured."),
                          HasSubstr("it goes on by itself"),
                          HasSubstr("To stop it, apply the content of revision 1 again.")));
}

TEST(Why, PromisesNoWayBackWhereThereIsNoStable) {
  const std::string text = unwrapped(text_of(explained(release("FirstDeploy"), std::nullopt, {})));
  EXPECT_THAT(text,
              AllOf(HasSubstr("Revision 1 of bot is being released. "), HasSubstr("free capacity, add nodes"),
                    Not(HasSubstr("taken back")), Not(HasSubstr("To stop it"))));
}

TEST(Why, CountsOnlyTheEvalRunsOfTheRunThatIsOn) {
  EvalRuns runs = testing_support::eval_runs();
  const Explanation made = explained(release("Progressing"), std::nullopt, runs);
  ASSERT_EQ(made.gates.size(), 1u);
  EXPECT_EQ(made.gates[0].eval_run, "support-bot-run-2-1-0-0");
}

TEST(Why, TellsAPersonWhatAnInconclusiveGateNeeds) {
  Json object = release_object("Progressing");
  object["status"]["phase"] = "Paused";
  object["status"]["run"]["pauseReason"] = "InconclusiveAnalysis";
  object["status"]["waitingFor"] = {{"kind", "Person"}};
  EvalRuns runs = testing_support::eval_runs();
  api::EvalRun& run = runs.at("support-bot-run-2-1-0-0");
  run.status->phase = api::EvalRunPhase::Inconclusive;
  run.status->metrics[0].verdict = api::Verdict::Inconclusive;
  const std::string text = unwrapped(text_of(explained(release(object), std::nullopt, runs)));
  EXPECT_THAT(text, AllOf(HasSubstr("Gate support-golden: Inconclusive"),
                          HasSubstr("So many items show only a harm of 0.0861 or more."),
                          HasSubstr("Give EvalGate support-golden more questions or a larger margin")));
}

TEST(Why, ToleratesThatTheRecordsAreGone) {
  const std::string text = unwrapped(text_of(explained(release("Healthy"), 4, {})));
  EXPECT_THAT(
      text,
      AllOf(
          HasSubstr("was rolled back: gate support-golden did not let it pass"),
          HasSubstr(
              "The full record (EvalRun support-bot-run-4-1-0-0) is gone; the history says: answer-contains "
              "-0.3333, margin 0.1000, n = 60."),
          HasSubstr("Users stayed with revision 2.")));
  const Release of = release("RolledBack");
  const auto subject = choose_subject(of, {}, std::nullopt);
  ASSERT_TRUE(subject && *subject);
  EXPECT_THAT(text_of(explain(of, **subject, {}, at(testing_support::kNow))),
              HasSubstr("(the two contents are no longer kept)"));
}

TEST(Why, ExplainsAnEngineThatDidNotStart) {
  Json object = release_object("Healthy");
  Json& entry = object["status"]["history"][1];
  entry["decidedBy"] = "deadline";
  entry["message"] = "Loading took longer than 30m: pod is loading its model";
  entry.erase("gates");
  object["status"]["rejected"][0]["reason"] = "DeadlineExceeded";
  object["status"]["rejected"][0].erase("gate");
  const std::string text = unwrapped(text_of(explained(release(object), 4)));
  EXPECT_THAT(text,
              AllOf(HasSubstr("was rolled back: its engine did not become ready."),
                    HasSubstr("Why: Loading took longer than 30m"), HasSubstr("raise spec.progressDeadlines"),
                    HasSubstr("Correct spec.backend.pods.model"), Not(HasSubstr("EvalGate"))));
}

TEST(Why, ExplainsAReleaseThatWasGivenUp) {
  Json object = release_object("Healthy");
  Json& entry = object["status"]["history"][0];
  entry["outcome"] = "Superseded";
  entry["decidedBy"] = "spec";
  entry["message"] = "the spec asks for other content";
  entry.erase("gates");
  const std::string text = unwrapped(text_of(explained(release(object))));
  EXPECT_THAT(text, AllOf(HasSubstr("was given up before a decision: the spec asks for other content."),
                          HasSubstr("To have it judged after all, apply its content again.")));
}

TEST(Why, TellsWhatKeepsTheSpecFromBeingReleasedNow) {
  Json object = release_object("Healthy");
  for (Json& condition : object["status"]["conditions"])
    if (condition["type"] == "ReferencesResolved") {
      condition["status"] = "False";
      condition["message"] = "spec.promptRef.name: PromptVersion gone does not exist";
    }
  EXPECT_THAT(
      text_of(explained(release(object))),
      HasSubstr("What the spec asks for now cannot be released\n  spec.promptRef.name: PromptVersion gone"));
}

TEST(Why, NamesTheRevisionsThatItKnows) {
  const auto subject = choose_subject(release("Healthy"), {}, 9);
  ASSERT_FALSE(subject);
  EXPECT_EQ(subject.error().code, ErrorCode::NotFound);
  EXPECT_THAT(subject.error().message, HasSubstr("found no release of revision 9, allowed 1, 2, 3, 4, 5"));
}

TEST(Why, HasNothingToExplainBeforeTheFirstRelease) {
  const auto subject = choose_subject(release("Pending"), {}, std::nullopt);
  ASSERT_TRUE(subject);
  EXPECT_FALSE(subject->has_value());
}

TEST(WhyJson, HasTheNumbersOfEveryMetric) {
  const Json made = explanation_json(explained(release("Healthy"), 4));
  EXPECT_EQ(made["outcome"], "RolledBack");
  EXPECT_EQ(made["stable"]["revision"], 2);
  EXPECT_EQ(made["changed"][0]["part"], "Model");
  EXPECT_EQ(made["changed"][0]["differences"][0]["path"], "uri");
  EXPECT_EQ(made["gates"][0]["verdict"], "Failed");
  EXPECT_EQ(made["gates"][0]["metrics"][0]["difference"], "-0.3333");
  EXPECT_EQ(made["decision"], Json({{"by", "support-golden"}, {"reason", "GateFailed"}, {"weight", 0}}));
}

// The golden set's record as a live gate's.
EvalRuns live_runs(const char* phase) {
  EvalRuns runs = testing_support::eval_runs();
  for (auto& [name, record] : runs) {
    if (!record.status) continue;
    Json live = Json::parse(R"({"beganAt": "2026-11-21T09:00:00Z", "metrics": [{"name": "error-rate",
        "candidate": {"trials": 120, "events": 9}, "stable": {"trials": 1080, "events": 4},
        "tests": [{"question": "Harm", "logE": 4921345678, "highestLogE": 4921345678, "threshold": 2995732275,
                   "candidate": {"trials": 120, "events": 9}, "stable": {"trials": 1080, "events": 4}}]}]})");
    Json spec = record.spec.to_json();
    spec.erase("offline");
    spec["live"] = {{"metrics", Json::array({{{"name", "error-rate"}}})}};
    record.spec = std::move(*api::EvalRunSpec::parse(spec));
    auto& status = *record.status;
    status.live = std::move(*api::LiveEvidence::parse(live));
    EXPECT_TRUE(api::from_string(phase, status.phase.emplace()));
    status.completed_at = status.live->began_at + Duration(718'000);
    status.message = "waiting for 120 of 200 conversations";
    status.metrics.resize(1);
    status.metrics[0].name = "error-rate";
  }
  return runs;
}

TEST(Why, OfALiveGateTellsBothArmsCountersAndTheEValue) {
  const std::string text = unwrapped(text_of(explained(release("Healthy"), 4, live_runs("Failed"))));
  EXPECT_THAT(text, Not(HasSubstr("questions")));
  EXPECT_THAT(text, HasSubstr("It counted 120 conversations of the candidate and 1080 of revision "));
  EXPECT_THAT(text, HasSubstr(" in 11 min."));
  EXPECT_THAT(text, HasSubstr("The candidate had it in 9 of 120 (7.50 %), revision "));
  EXPECT_THAT(text, HasSubstr("Harm shown against stable, e-value 137.1 of 20.0, a rate of "));
  EXPECT_THAT(text, Not(HasSubstr("waiting for")));
}

TEST(Why, OfAGateBesideTheStepsTellsNoWeightThatItDoesNotKnow) {
  EvalRuns runs = live_runs("Failed");
  EXPECT_THAT(unwrapped(text_of(explained(release("Healthy"), 4, runs))), HasSubstr("No user met it"));
  for (auto& [name, record] : runs) record.spec.background = true;
  EXPECT_THAT(unwrapped(text_of(explained(release("Healthy"), 4, runs))),
              AllOf(Not(HasSubstr("No user met it")), Not(HasSubstr("By then it had answered"))));
}

TEST(Why, OfALiveGateThatIsNotDecidedTellsWhatItWaitsFor) {
  const std::string text = unwrapped(text_of(explained(release("Healthy"), 4, live_runs("Inconclusive"))));
  EXPECT_THAT(text, HasSubstr("waiting for 120 of 200 conversations"));
}

}  // namespace
}  // namespace llmops::cli
