// The verbs that speak to a cluster, over real sockets on the loopback: one server plays API server and
// gateway.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "cli/network.hpp"
#include "fixtures.hpp"
#include "operator/platform/real/loop.hpp"
#include "run_cli.hpp"

namespace llmops::cli {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using testing_support::CliRun;
using testing_support::release_object;

const std::string kCollection = "/apis/llmops.dev/v1alpha1/namespaces/shop/modeldeployments";

class ClusterVerbs : public ::testing::Test {
 protected:
  void SetUp() override {
    ListenOptions listen;
    listen.address = "127.0.0.1";
    auto serving =
        loop_.transport().serve(listen, [this](ServerExchange& exchange) { return answer(&exchange); });
    ASSERT_TRUE(serving) << serving.error().message;
    server_ = std::move(*serving);
    kubeconfig_ =
        std::filesystem::path(::testing::TempDir()) /
        (std::string("kubeconfig-") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::ofstream(kubeconfig_) << "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:"
                               << server_->port() << "'}}]\nusers: [{name: u, user: {token: secret}}]\n"
                               << "contexts: [{name: x, context: {cluster: c, user: u, namespace: shop}}]\n"
                               << "current-context: x\n";
  }
  void TearDown() override { std::filesystem::remove(kubeconfig_); }

  CliRun run(std::vector<std::string> arguments, const std::string& input = {}) {
    if (arguments[0] != "chat" || std::find(arguments.begin(), arguments.end(), "--url") == arguments.end())
      arguments.insert(arguments.end(), {"--kubeconfig", kubeconfig_.string()});
    std::istringstream in(input);
    std::ostringstream out, err;
    Network network{loop_.env(), loop_.transport(),
                    [this](Task<void> task) { loop_.run_until_done("verb", std::move(task)); }};
    Context context{in, out, err, [] { return testing_support::at(testing_support::kNow); }, &network};
    context.terminal = terminal_;
    CliRun ran;
    ran.code = run_program("llmops", arguments, context);
    ran.out = out.str();
    ran.err = err.str();
    return ran;
  }

  // What a GET of the collection answers.
  void keep(std::vector<Json> objects) {
    Json list = {{"metadata", {{"resourceVersion", "100"}}}, {"items", objects}};
    answers_[kCollection] = dump_json(list);
    for (const Json& object : objects)
      answers_[kCollection + "/" + string_at(object, "metadata.name")] = dump_json(object);
  }
  void keep_records() {
    Json runs = {{"metadata", {{"resourceVersion", "100"}}},
                 {"items", testing_support::read_fixture("evalruns.json")}};
    answers_["/apis/llmops.dev/v1alpha1/namespaces/shop/evalruns"] = dump_json(runs);
    for (const Json& object : testing_support::read_fixture("controllerrevisions.json"))
      answers_["/apis/apps/v1/namespaces/shop/controllerrevisions/" + string_at(object, "metadata.name")] =
          dump_json(object);
  }
  void keep_service(const std::string& address) {
    const Json service = {{"metadata", {{"name", "support-bot"}, {"namespace", "shop"}}},
                          {"spec", {{"clusterIP", address}, {"ports", {{{"port", server_->port()}}}}}}};
    answers_["/api/v1/namespaces/shop/services/support-bot"] = dump_json(service);
  }
  void watch_gives(const std::string& type, const Json& object) {
    events_ += dump_json({{"type", type}, {"object", object}}) + "\n";
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

  Loop loop_;
  std::unique_ptr<Server> server_;
  std::filesystem::path kubeconfig_;
  std::map<std::string, std::string> answers_;
  std::string events_;  // of every watch
  std::vector<HttpRequest> asked_;
  std::vector<Json> chats_;
  std::string completion_ = R"({"choices":[{"message":{"content":"14일 이내입니다."}}]})";
  int completion_status_ = 200;
  bool terminal_ = false;
  bool gateway_open_ = true;
  std::vector<std::string> commands_;
  int conflicts_ = 0;
  bool accepts_ = true;
  bool operator_runs_ = true;
  std::function<void()> on_watch_;

 private:
  Task<void> answer(ServerExchange* exchange) {
    const HttpRequest request = exchange->request();
    asked_.push_back(request);
    const std::string path(request.path());
    if (path.ends_with("/v1/models")) {
      const std::string models = gateway_open_ ? R"({"data":[{"id":"support-bot"}]})" : R"({"data":[]})";
      (void)co_await exchange->respond(200, {{"content-type", "application/json"}}, models);
    } else if (path.ends_with("/v1/chat/completions")) {
      co_await chat(exchange, request);
    } else if (request.query("watch") == "1") {
      if (on_watch_) on_watch_();
      (void)co_await exchange->start(200, {{"content-type", "application/json"}});
      (void)co_await exchange->write(events_);
      (void)co_await exchange->finish();
    } else if (request.method == "PUT") {
      co_await obey(exchange, request);
    } else if (const auto found = answers_.find(path); found != answers_.end()) {
      (void)co_await exchange->respond(200, {{"content-type", "application/json"}}, found->second);
    } else {
      (void)co_await exchange->respond(
          404, {}, R"({"kind":"Status","reason":"NotFound","message":"not found","code":404})");
    }
  }

  // An operator that looks at a command as soon as it is written.
  Task<void> obey(ServerExchange* exchange, const HttpRequest& request) {
    if (conflicts_ > 0) {
      --conflicts_;
      (void)co_await exchange->respond(
          409, {}, R"({"kind":"Status","reason":"Conflict","message":"modified","code":409})");
      co_return;
    }
    Json object = parse_json(request.body).value();
    commands_.push_back(object["metadata"]["annotations"]["llmops.dev/command"].get<std::string>());
    const std::string& command = commands_.back();
    const std::size_t id = command.find("id=") + 3;
    if (operator_runs_)
      object["status"]["lastCommand"] = {{"id", command.substr(id, command.find(' ', id) - id)},
                                         {"accepted", accepts_},
                                         {"result", accepts_ ? "ended step 1" : "no release is on"},
                                         {"time", "2026-11-21T10:00:00Z"}};
    answers_[std::string(request.path())] = dump_json(object);
    (void)co_await exchange->respond(200, {{"content-type", "application/json"}}, dump_json(object));
  }

  Task<void> chat(ServerExchange* exchange, const HttpRequest& request) {
    chats_.push_back(parse_json(request.body).value());
    Headers headers{{"x-llmops-revision", "2"},
                    {"x-llmops-revision-hash", "005d53ec37"},
                    {"x-llmops-arm", "stable"},
                    {"x-llmops-epoch", "3"}};
    if (!chats_.back()["stream"].get<bool>() || completion_status_ != 200) {
      (void)co_await exchange->respond(completion_status_, headers, completion_);
      co_return;
    }
    (void)co_await exchange->start(200, headers);
    for (const char* text : {"14일 ", "이내입니다."}) {
      const std::string event =
          std::string("data: {\"choices\":[{\"delta\":{\"content\":\"") + text + "\"}}]}\n\n";
      (void)co_await exchange->write(event);
    }
    if (completion_ != "cut") (void)co_await exchange->write("data: [DONE]\n\n");
    (void)co_await exchange->finish();
  }
};

TEST_F(ClusterVerbs, StatusShowsATableInTheNamespaceOfTheContext) {
  keep({release_object("Healthy"), release_object("RolledBack")});
  const CliRun ran = run({"status"});
  EXPECT_EQ(ran.code, kGood) << ran.err;
  EXPECT_THAT(ran.out, AllOf(ContainsRegex("bot +RolledBack "), ContainsRegex("support-bot +Healthy ")));
  EXPECT_EQ(asked_[0].headers.get("authorization"), "Bearer secret");
}

TEST_F(ClusterVerbs, StatusSaysThatThereIsNothing) {
  keep({});
  const CliRun ran = run({"status"});
  EXPECT_EQ(ran.code, kGood);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "No ModelDeployments found in namespace shop.\n");
}

TEST_F(ClusterVerbs, StatusOfOneAsksForItAloneAndTakesItsPinnedSteps) {
  keep({release_object("Progressing")});
  answers_["/apis/apps/v1/namespaces/shop/controllerrevisions/bot-run-2"] =
      R"({"data":{"steps":[{"setWeight":3},{"setWeight":9}]}})";
  const CliRun ran = run({"status", "bot"});
  EXPECT_EQ(ran.code, kGood) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("▶ 2/2  setWeight 9"));
  EXPECT_EQ(asked_[0].query("fieldSelector"), "metadata.name=bot");
}

TEST_F(ClusterVerbs, StatusOfWhatDoesNotExistIsBad) {
  keep({});
  const CliRun ran = run({"status", "bot"});
  EXPECT_EQ(ran.code, kBad);
  EXPECT_EQ(ran.last_line(), "llmops: ModelDeployment bot in namespace shop: found none");
}

TEST_F(ClusterVerbs, StatusFollowsAndPrintsOnlyWhatAPersonSeesChanged) {
  keep({release_object("Healthy")});
  Json unchanged = release_object("Healthy");
  unchanged["metadata"]["resourceVersion"] = "101";
  unchanged["status"]["configDigest"] = std::string(64, 'a');  // not shown
  Json changed = unchanged;
  changed["status"]["message"] = "revision 6 is about to start";
  watch_gives("MODIFIED", unchanged);
  watch_gives("BOOKMARK", {{"metadata", {{"resourceVersion", "102"}}}});
  watch_gives("MODIFIED", changed);
  watch_gives("DELETED", changed);
  const CliRun ran = run({"status", "support-bot", "-w", "-o", "json"});
  EXPECT_EQ(ran.code, kBad);
  EXPECT_EQ(ran.last_line(), "llmops: ModelDeployment support-bot in namespace shop: it was deleted");
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 3) << "configDigest is part of the JSON";
  asked_.clear();
  const CliRun text = run({"status", "support-bot", "-w"});
  std::size_t pages = 0;
  for (std::size_t found = 0; (found = text.out.find("Phase ", found)) != std::string::npos; ++found) ++pages;
  EXPECT_EQ(pages, 2u) << text.out;
  EXPECT_THAT(text.out, AllOf(HasSubstr("revision 6 is about to start"), Not(HasSubstr("\x1b"))));
  EXPECT_EQ(asked_[1].query("resourceVersion"), "100");
}

TEST_F(ClusterVerbs, StatusDrawsOverWhatATerminalShows) {
  keep({release_object("Healthy")});
  watch_gives("DELETED", release_object("Healthy"));
  terminal_ = true;
  EXPECT_THAT(run({"status", "support-bot", "-w"}).out,
              HasSubstr("\x1b[2J\x1b[Hsupport-bot in namespace shop"));
}

TEST_F(ClusterVerbs, StatusReadsEverythingAgainWhenTheWatchHasExpired) {
  keep({release_object("Healthy")});
  events_ = R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}})"
            "\n";
  on_watch_ = [this] { keep({}); };  // it went while nobody watched
  const CliRun ran = run({"status", "support-bot", "-w"});
  EXPECT_EQ(ran.code, kBad);
  EXPECT_EQ(ran.last_line(), "llmops: ModelDeployment support-bot in namespace shop: it was deleted");
}

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
