// status against a cluster: what it shows, how it goes on, and how it ends.
#include <gmock/gmock.h>

#include "fake_cluster.hpp"

namespace llmops::cli {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class StatusVerb : public ClusterVerbs {};

Json pod(const std::string& name, const Json& labels, bool ready) {
  return {{"kind", "Pod"},
          {"metadata", {{"name", name}, {"namespace", "shop"}, {"labels", labels}}},
          {"spec", {{"containers", {{{"name", "engine"}}}}}},
          {"status",
           {{"phase", "Running"},
            {"containerStatuses",
             {{{"name", "engine"}, {"ready", ready}, {"state", {{"running", Json::object()}}}}}}}}};
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
  return found;
}

TEST_F(StatusVerb, ShowsATableInTheNamespaceOfTheContext) {
  keep({release_object("Healthy"), release_object("RolledBack")});
  const CliRun ran = run({"status"});
  EXPECT_EQ(ran.code, kGood) << ran.err;
  EXPECT_THAT(ran.out, AllOf(ContainsRegex("bot +RolledBack "), ContainsRegex("support-bot +Healthy ")));
  EXPECT_EQ(asked_[0].headers.get("authorization"), "Bearer secret");
}

TEST_F(StatusVerb, SaysThatThereIsNothing) {
  keep({});
  const CliRun ran = run({"status"});
  EXPECT_EQ(ran.code, kGood);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "No ModelDeployments found in namespace shop.\n");
}

TEST_F(StatusVerb, OfOneAsksForItAloneAndTakesItsPinnedSteps) {
  keep({release_object("Progressing")});
  answers_["/apis/apps/v1/namespaces/shop/controllerrevisions/bot-run-2"] =
      R"({"data":{"steps":[{"setWeight":3},{"setWeight":9}]}})";
  const CliRun ran = run({"status", "bot"});
  EXPECT_THAT(ran.out, HasSubstr("▶ 2/2  setWeight 9"));
  EXPECT_EQ(asked_[0].query("fieldSelector"), "metadata.name=bot");
}

TEST_F(StatusVerb, EndsWithThePhaseAndItsExitCode) {
  for (const auto& [phase, code] : std::vector<std::pair<const char*, int>>{{"Healthy", kGood},
                                                                            {"Degraded", kBad},
                                                                            {"RolledBack", kBad},
                                                                            {"Progressing", kInconclusive},
                                                                            {"Paused", kInconclusive},
                                                                            {"Baking", kInconclusive},
                                                                            {"RollingBack", kInconclusive},
                                                                            {"Pending", kInconclusive}}) {
    const Json object = release_object(phase);
    keep({object});
    for (const char* format : {"text", "json"}) {
      const CliRun ran = run({"status", string_at(object, "metadata.name"), "-o", format});
      EXPECT_EQ(ran.code, code) << phase;
      EXPECT_EQ(ran.last_line(), phase);
    }
  }
}

TEST_F(StatusVerb, TakesNoStatusOfAnOlderSpecForAnAnswer) {
  Json object = release_object("Healthy");
  object["metadata"]["generation"] = 99;
  keep({object});
  const CliRun ran = run({"status", "support-bot"});
  EXPECT_EQ(ran.code, kInconclusive);
  EXPECT_EQ(ran.last_line(), "NotObserved");
}

TEST_F(StatusVerb, OfWhatDoesNotExistIsBad) {
  keep({});
  for (const auto& arguments : {std::vector<std::string>{"status", "bot"},
                                {"status", "bot", "-w"},
                                {"status", "bot", "--until", "healthy"}}) {
    const CliRun ran = run(arguments);
    EXPECT_EQ(ran.code, kBad);
    EXPECT_EQ(ran.last_line(), "llmops: ModelDeployment bot in namespace shop: found none");
  }
}

TEST_F(StatusVerb, FollowsAndShowsOnlyWhatAPersonSeesChanged) {
  keep({release_object("Healthy")});
  Json unchanged = release_object("Healthy");
  unchanged["metadata"]["resourceVersion"] = "9000101";
  unchanged["status"]["configDigest"] = std::string(64, 'a');  // not shown
  Json changed = unchanged;
  changed["metadata"]["resourceVersion"] = "9000103";
  changed["status"]["message"] = "revision 6 is about to start";
  const auto give = [&] {
    watches_.clear();
    watch_gives("MODIFIED", unchanged);
    watch_ends();
    watch_gives("BOOKMARK", {{"kind", "ModelDeployment"}, {"metadata", {{"resourceVersion", "9000102"}}}});
    watch_gives("MODIFIED", changed);
    watch_ends();
    watch_gives("DELETED", changed);
  };
  give();
  const CliRun ran = run({"status", "support-bot", "-w", "-o", "json"});
  EXPECT_EQ(ran.code, kBad);
  EXPECT_EQ(ran.last_line(), "llmops: ModelDeployment support-bot in namespace shop: it was deleted");
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 3) << "configDigest is part of the JSON";
  give();
  const CliRun text = run({"status", "support-bot", "-w"});
  EXPECT_EQ(count(text.out, "Name:  "), 2u) << text.out;
  EXPECT_THAT(text.out,
              AllOf(HasSubstr("Message:         revision 6 is about to start"), Not(HasSubstr("\x1b"))));
}

TEST_F(StatusVerb, FollowsPodsAndEvalRunsAsWell) {
  const Json object = release_object("Progressing");
  keep({object});
  const std::string hash = string_at(object, "status.arms.1.servingHash").substr(0, 10);
  const Json labels = {{"llmops.dev/component", "engine"}, {"llmops.dev/serving-hash", hash}};
  Json pods = {{"metadata", {{"resourceVersion", "100"}}}, {"items", {pod("bot-engine-x-1", labels, false)}}};
  answers_[kPodCollection] = dump_json(pods);
  watch_gives(kPodCollection, "MODIFIED", pod("bot-engine-x-1", labels, true));
  const CliRun ran = run({"status", "bot", "-w", "--timeout", "1s"});
  EXPECT_EQ(ran.code, kInconclusive) << ran.err;
  EXPECT_EQ(ran.last_line(), "Progressing");
  EXPECT_THAT(ran.out,
              ContainsRegex("□ bot-engine-x-1 +Pod +◌ Running +ready:0/1\n(.*\n)*.*□ bot-engine-x-1 +Pod "
                            "+✔ Running +ready:1/1\n"));
  const auto asked_pods = std::ranges::find_if(
      asked_, [](const HttpRequest& request) { return request.path() == kPodCollection; });
  ASSERT_NE(asked_pods, asked_.end());
  EXPECT_EQ(asked_pods->query("labelSelector"), "llmops.dev/model-deployment=bot");
}

TEST_F(StatusVerb, ShowsWhatItMayReadWhenPodsAreForbidden) {
  keep({release_object("Progressing")});
  answers_.erase(kPodCollection);
  forbidden_ = kPodCollection;
  const CliRun ran = run({"status", "bot", "-w", "--timeout", "1s"});
  EXPECT_THAT(ran.out, AllOf(HasSubstr("⚠ Unread:"), HasSubstr("pods: "), HasSubstr("⟳ bot")));
}

TEST_F(StatusVerb, DrawsOverWhatATerminalShowsAndClearsItOnlyOnce) {
  keep({release_object("Healthy")});
  Json changed = release_object("Healthy");
  changed["status"]["message"] = "revision 6 is about to start";
  watch_gives("MODIFIED", changed);
  watch_ends();
  watch_gives("DELETED", changed);
  terminal_ = true;
  const std::string out = run({"status", "support-bot", "-w"}).out;
  EXPECT_THAT(out, ::testing::StartsWith("\x1b[2J\x1b[HName:  "));
  EXPECT_EQ(count(out, "\x1b[2J"), 1u);
  EXPECT_EQ(count(out, "\x1b[J"), count(out, "Name:  "));
  EXPECT_THAT(out, HasSubstr("\x1b[32m✔\x1b[0m Healthy"));
}

TEST_F(StatusVerb, ReadsEverythingAgainWhenTheWatchHasExpired) {
  keep({release_object("Healthy")});
  watches_[kCollection].push_back(
      R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}})"
      "\n");
  on_watch_ = [this] { keep({}); };  // it went while nobody watched
  const CliRun ran = run({"status", "support-bot", "-w"});
  EXPECT_EQ(ran.code, kBad);
  EXPECT_EQ(ran.last_line(), "llmops: ModelDeployment support-bot in namespace shop: it was deleted");
}

TEST_F(StatusVerb, EndsWhereTheClusterDoesNotAnswer) {
  forbidden_ = kCollection;
  EXPECT_EQ(run({"status", "bot"}).code, kUnmeasured);
  EXPECT_EQ(run({"status", "bot", "-w"}).code, kUnmeasured);
}

TEST_F(StatusVerb, WaitsUntilTheReleaseHasEndedAndTellsHow) {
  const struct {
    const char* goal;
    const char* end;  // a phase of the fixtures
    int code;
  } kCases[] = {{"promoted", "Healthy", kGood},  {"healthy", "Healthy", kGood},
                {"settled", "Healthy", kGood},   {"rolled-back", "Healthy", kBad},
                {"promoted", "Baking", kGood},   {"promoted", "RolledBack", kBad},
                {"healthy", "RolledBack", kBad}, {"rolled-back", "RolledBack", kGood},
                {"settled", "RolledBack", kBad}, {"settled", "Degraded", kBad}};
  for (const auto& [goal, phase, code] : kCases) {
    const Json end = release_object(phase);
    const std::string name = string_at(end, "metadata.name");
    Json before = release_object("Progressing");
    before["metadata"]["name"] = name;
    before["metadata"]["resourceVersion"] = "1";
    keep({before});
    watches_.clear();
    watch_gives("MODIFIED", end);
    const CliRun ran = run({"status", name, "--until", goal, "--timeout", "20s"});
    EXPECT_EQ(ran.code, code) << goal << " " << phase << "\n" << ran.err;
    EXPECT_EQ(ran.last_line(), phase);
  }
}

TEST_F(StatusVerb, DoesNotTakeTheLastReleaseForTheOneThatWasJustAskedFor) {
  Json stale = release_object("Healthy");
  stale["metadata"]["generation"] = 99;
  keep({stale});
  const CliRun ran = run({"status", "support-bot", "--until", "promoted", "--timeout", "1s"});
  EXPECT_EQ(ran.code, kInconclusive);
  EXPECT_EQ(ran.last_line(), "NotObserved");
  EXPECT_THAT(ran.err, HasSubstr("the time is over"));
}

TEST_F(StatusVerb, GoesOnWaitingWhileARunIsOn) {
  keep({release_object("RollingBack")});
  EXPECT_EQ(run({"status", "bot", "--until", "rolled-back", "--timeout", "1s"}).code, kInconclusive);
}

TEST_F(StatusVerb, RefusesFlagsThatMeanNothingTogether) {
  EXPECT_EQ(run({"status", "bot", "-A"}).code, kUsage);
  EXPECT_EQ(run({"status", "--until", "healthy"}).code, kUsage);
  EXPECT_EQ(run({"status", "bot", "--timeout", "3s"}).code, kUsage);
  EXPECT_EQ(run({"status", "bot", "-w", "--timeout", "soon"}).code, kUsage);
  EXPECT_EQ(run({"status", "bot", "--until", "tomorrow"}).code, kUsage);
}

}  // namespace
}  // namespace llmops::cli
