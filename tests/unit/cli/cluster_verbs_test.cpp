// why, the commands, history and chat against a cluster.
#include <gmock/gmock.h>

#include "fake_cluster.hpp"

namespace llmops::cli {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(ClusterVerbs, WhyReadsTheRecordsAndExplains) {
  keep({release_object("Healthy")});
  keep_records();
  const CliRun ran = run({"why", "support-bot", "4"});
  EXPECT_EQ(ran.code, kGood) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("Revision 4 of support-bot was rolled back"),
                             HasSubstr("image:///models/good.gguf"), HasSubstr("No user met it")));
  EXPECT_EQ(asked_[1].query("labelSelector"), "llmops.dev/model-deployment=support-bot");
}

TEST_F(ClusterVerbs, WhyTellsWhatTheHistorySaysWhenRecordsAreGone) {
  keep({release_object("Healthy")});
  const CliRun ran = run({"why", "support-bot", "4"});
  EXPECT_EQ(ran.code, kGood) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("is gone; the history"), HasSubstr("no longer kept")));
}

TEST_F(ClusterVerbs, WhySaysThatNothingHasBegun) {
  keep({release_object("Pending")});
  const CliRun ran = run({"why", "bot"});
  EXPECT_EQ(ran.code, kGood);
  EXPECT_THAT(ran.out, HasSubstr("No release of bot has begun: spec.strategy.canary.steps: EvalGate golden "
                                 "has not been validated yet"));
}

TEST_F(ClusterVerbs, WhyOfAnUnknownNameOrRevisionIsBad) {
  keep({release_object("Healthy")});
  EXPECT_EQ(run({"why", "nobody"}).code, kBad);
  EXPECT_EQ(run({"why", "support-bot", "77"}).code, kBad);
}

TEST_F(ClusterVerbs, PromoteIsPinnedToWhatIsShownAndTellsTheAnswer) {
  Json object = release_object("Progressing");
  keep({object});
  conflicts_ = 1;  // somebody writes in between
  const CliRun ran = run({"promote", "bot", "--by", "ji yoon"});
  EXPECT_EQ(ran.code, kGood) << ran.err;
  EXPECT_EQ(ran.out, "bot: ended step 1\n");
  EXPECT_EQ(ran.last_line(), "accepted");
  ASSERT_THAT(commands_, SizeIs(1));
  const std::string revision = std::to_string(integer_at(object, "status.candidate.revision"));
  const std::string step = std::to_string(integer_at(object, "status.run.currentStepIndex"));
  EXPECT_THAT(commands_[0],
              ContainsRegex("^promote revision=" + revision + " step=" + step + " id=[0-9]+ by=ji-yoon$"));
}

TEST_F(ClusterVerbs, EveryCommandHasItsVerb) {
  keep({release_object("Progressing")});
  for (const auto& [arguments, wanted] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"promote", "bot", "--full"}, "promote-full "},
           {{"abort", "bot"}, "abort "},
           {{"retry", "bot"}, "retry "},
           {{"pause", "bot"}, "pause "},
           {{"resume", "bot"}, "resume "},
           {{"rollback", "bot"}, "rollback "}}) {
    EXPECT_EQ(run(arguments).code, kGood);
    EXPECT_THAT(commands_.back(), ::testing::StartsWith(wanted));
  }
  EXPECT_EQ(run({"rollback", "bot", "--to", "4"}).code, kGood);
  EXPECT_THAT(commands_.back(), HasSubstr(" to=4 "));
  EXPECT_EQ(run({"rollback", "bot", "--to", "-4"}).code, kUsage);
}

TEST_F(ClusterVerbs, ARefusedCommandIsBadAndSaysWhy) {
  keep({release_object("Healthy")});
  accepts_ = false;
  const CliRun ran = run({"abort", "support-bot", "-o", "json"});
  EXPECT_EQ(ran.code, kBad);
  EXPECT_EQ(parse_json(ran.out).value()["result"], "no release is on");
  EXPECT_THAT(commands_[0], Not(HasSubstr("step="))) << "no release is on";
}

TEST_F(ClusterVerbs, ACommandThatNobodyLooksAtEnds) {
  keep({release_object("Healthy")});
  operator_runs_ = false;
  const CliRun ran = run({"abort", "support-bot", "--timeout", "1"});
  EXPECT_EQ(ran.code, kUnmeasured);
  EXPECT_THAT(ran.last_line(), HasSubstr("is it running?"));
}

TEST_F(ClusterVerbs, HistoryListsWhatHasEnded) {
  Json object = release_object("Healthy");
  keep({object});
  const CliRun ran = run({"history", "support-bot"});
  EXPECT_EQ(ran.code, kGood) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("REVISION  OUTCOME"), HasSubstr("Promoted")));
  const CliRun json = run({"history", "support-bot", "-o", "json"});
  EXPECT_THAT(parse_json(json.out).value()["items"], SizeIs(object["status"]["history"].size()));
  EXPECT_EQ(run({"history", "nobody"}).code, kBad);
}

TEST_F(ClusterVerbs, ChatGoesToTheServicesAddressWithoutTheClustersToken) {
  keep({release_object("Healthy")});
  keep_service("127.0.0.1");
  const CliRun ran = run({"chat", "support-bot", "-m", "환불 기간은?", "--conversation", "c-1"});
  EXPECT_EQ(ran.code, kGood) << ran.err;
  EXPECT_EQ(ran.out, "14일 이내입니다.\n");
  EXPECT_EQ(ran.err, "revision 2 (005d53ec37), arm stable, epoch 3\n");
  EXPECT_EQ(asked_.back().path(), "/v1/chat/completions");
  EXPECT_EQ(asked_.back().headers.get("x-conversation-id"), "c-1");
  EXPECT_EQ(asked_.back().headers.get("authorization"), "");
  EXPECT_EQ(chats_[0]["model"], "support-bot");
}

TEST_F(ClusterVerbs, ChatGoesThroughTheApiServerWhereTheAddressDoesNotAnswer) {
  keep({release_object("Healthy")});
  keep_service("127.0.0.2");  // nobody listens there
  const CliRun ran = run({"chat", "support-bot", "-m", "hi"});
  EXPECT_EQ(ran.code, kGood) << ran.err;
  EXPECT_THAT(std::string(asked_.back().path()),
              AllOf(HasSubstr("/api/v1/namespaces/shop/services/support-bot:"),
                    HasSubstr("/proxy/v1/chat/completions")));
  EXPECT_EQ(asked_.back().headers.get("authorization"), "Bearer secret");
}

TEST_F(ClusterVerbs, ChatStreams) {
  const CliRun ran = run({"chat", "support-bot", "--url", url(), "-m", "hi", "--stream"});
  EXPECT_EQ(ran.code, kGood) << ran.err;
  EXPECT_EQ(ran.out, "14일 이내입니다.\n");
  EXPECT_EQ(ran.last_line(), "revision 2 (005d53ec37), arm stable, epoch 3");
}

TEST_F(ClusterVerbs, ChatWritesALineOfJsonForEachTurn) {
  for (const bool streams : {false, true}) {
    std::vector<std::string> arguments{"chat", "support-bot", "--url", url(), "--conversation", "c-1", "-o", "json"};
    if (streams) arguments.push_back("--stream");
    const CliRun ran = run(arguments, "one\n");
    EXPECT_EQ(ran.code, kGood) << ran.err;
    EXPECT_EQ(parse_json(ran.out).value(), Json({{"conversation", "c-1"},
                                                 {"answer", "14일 이내입니다."},
                                                 {"revision", 2},
                                                 {"hash", "005d53ec37"},
                                                 {"arm", "stable"},
                                                 {"epoch", 3}}));
  }
}

TEST_F(ClusterVerbs, ChatSaysWhenAStreamWasCut) {
  completion_ = "cut";
  const CliRun ran = run({"chat", "support-bot", "--url", url(), "-m", "hi", "--stream"});
  EXPECT_EQ(ran.code, kBad);
  EXPECT_EQ(ran.last_line(), "llmops: the answer was cut in the middle");
}

TEST_F(ClusterVerbs, ChatKeepsOneConversationOverTheLinesOfItsInput) {
  const CliRun ran =
      run({"chat", "support-bot", "--url", url() + "/v1", "--vars", R"({"shop":"Hanbit"})"}, "one\n\ntwo\n");
  EXPECT_EQ(ran.code, kGood) << ran.err;
  ASSERT_THAT(chats_, SizeIs(2));
  EXPECT_THAT(chats_[1]["messages"], SizeIs(3));
  EXPECT_EQ(chats_[1]["messages"][1]["content"], "14일 이내입니다.");
  EXPECT_EQ(chats_[1]["prompt"]["variables"]["shop"], "Hanbit");
  const auto id = [&](std::size_t i) { return std::string(asked_[i].headers.get("x-conversation-id")); };
  ASSERT_THAT(asked_, SizeIs(3));
  EXPECT_EQ(id(1), id(2));
  EXPECT_THAT(id(1), ::testing::StartsWith("chat-"));
}

TEST_F(ClusterVerbs, ChatTellsWhatTheGatewayRefusedAndForgetsTheTurn) {
  completion_status_ = 400;
  completion_ = R"({"error":{"message":"prompt.variables.shop: missing","type":"invalid_request_error"}})";
  const CliRun ran = run({"chat", "support-bot", "--url", url()}, "one\ntwo\n");
  EXPECT_EQ(ran.code, kBad);
  EXPECT_EQ(ran.last_line(), "llmops: HTTP 400: prompt.variables.shop: missing");
  ASSERT_THAT(chats_, SizeIs(2));
  EXPECT_THAT(chats_[1]["messages"], SizeIs(1));
}

TEST_F(ClusterVerbs, ChatThatReachesNobodyCouldNotMeasure) {
  const std::uint16_t port = server_->port();
  server_.reset();
  const CliRun ran =
      run({"chat", "support-bot", "--url", "http://127.0.0.1:" + std::to_string(port), "-m", "hi"});
  EXPECT_EQ(ran.code, kUnmeasured);
  EXPECT_EQ(ran.out, "");
}

TEST_F(ClusterVerbs, ChatThatFindsNoWaySaysHowToOpenOne) {
  keep({release_object("Healthy")});
  const Json service = {{"metadata", {{"name", "support-bot"}, {"namespace", "shop"}}},
                        {"spec", {{"clusterIP", "127.0.0.2"}}}};
  answers_["/api/v1/namespaces/shop/services/support-bot"] = dump_json(service);
  gateway_open_ = false;
  const CliRun ran = run({"chat", "support-bot", "-m", "hi"});
  EXPECT_EQ(ran.code, kUnmeasured);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("the Service's address 127.0.0.2:80: "),
                             HasSubstr("the API server's proxy: the gateway is not open to users yet"),
                             HasSubstr("kubectl port-forward -n shop service/support-bot 8080:80")));
}

TEST_F(ClusterVerbs, AnApiServerThatCannotBeReachedIsNotMeasured) {
  server_.reset();
  EXPECT_EQ(run({"status"}).code, kUnmeasured);
  EXPECT_EQ(run({"why", "support-bot"}).code, kUnmeasured);
}

TEST(ClusterFlags, AProgramWithoutNetworkMeasuresNothing) {
  EXPECT_EQ(testing_support::run_cli({"status"}).code, kUnmeasured);
  EXPECT_EQ(testing_support::run_cli({"chat", "bot", "--url", "http://127.0.0.1:1"}).code, kUnmeasured);
}

TEST_F(ClusterVerbs, AContextThatIsNotThereIsAWrongCall) {
  const CliRun ran = run({"status", "--context", "y"});
  EXPECT_EQ(ran.code, kUsage);
  EXPECT_THAT(ran.err, HasSubstr("found \"y\", allowed x"));
  EXPECT_EQ(run({"status", "support-bot", "-A"}).code, kUsage);
}

}  // namespace
}  // namespace llmops::cli
