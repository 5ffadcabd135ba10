#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "crds/base/defaults.hpp"
#include "gateway_world.hpp"
#include "tests/simulation/world/sim_env.hpp"

namespace llmops::gateway {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

// A moderation service that objects to the word "evil".
struct Service {
  bool silent = false;
  Duration takes{0};
  int status = 200;
  int running = 0, most_running = 0;
  std::vector<HttpRequest> asked;
};

class ServiceProgram final : public simulation::Program {
 public:
  ServiceProgram(simulation::SimEnv& env, Transport& transport, std::shared_ptr<Service> service)
      : env_(env), service_(std::move(service)) {
    ListenOptions options;
    options.port = 9000;
    server_ = transport.serve(options, [this](ServerExchange& exchange) { return answer(exchange); }).value();
  }

 private:
  Task<void> answer(ServerExchange& exchange) {
    service_->asked.push_back(exchange.request());
    service_->most_running = std::max(service_->most_running, ++service_->running);
    if (service_->takes > Duration(0)) (void)co_await env_.sleep(service_->takes);
    --service_->running;
    if (service_->silent) (void)co_await env_.sleep(std::chrono::hours(1));
    const Json body = parse_json(exchange.request().body).value();
    const bool moderation = exchange.request().target == "/base/v1/moderations";
    const std::string text = moderation ? body["input"] : body["contents"][0];
    const bool evil = text.find("evil") != std::string::npos;
    std::string said = moderation ? std::string(R"({"results":[{"flagged":)") + (evil ? "true" : "false") +
                                        R"(,"category_scores":{"x":)" + (evil ? "0.9" : "0.1") + "}}]}"
                                  : std::string(evil ? R"([[{"start":0,"end":4,"score":0.9}]])" : "[[]]");
    (void)co_await exchange.respond(service_->status, {}, std::move(said));
  }

  simulation::SimEnv& env_;
  std::shared_ptr<Service> service_;
  std::unique_ptr<Server> server_;
};

struct DetectorWorld : GatewayWorld {
  static GatewayOptions options() {
    GatewayOptions options = default_options();
    options.endpoints = [](const std::string& name) -> Result<ServiceEndpoint> {
      if (name != "judge") return Error{ErrorCode::NotFound, "endpoint " + name};
      ServiceEndpoint endpoint;
      endpoint.peer.host = "service";
      endpoint.peer.port = 9000;
      endpoint.path_prefix = "/base";
      endpoint.token = "t0";
      return endpoint;
    };
    return options;
  }
  static std::string rule(const std::string& name, const std::string& stage, const std::string& more,
                          const std::string& api, const std::string& endpoint) {
    return R"({"name":")" + name + R"(","type":"detector","action":"Block","stages":[")" + stage + R"("],)" +
           more + R"("detector":{"endpointRef":{"name":")" + endpoint + R"("},"api":")" + api + R"("}})";
  }
  explicit DetectorWorld(const std::string& stage, const std::string& more = "",
                         const std::string& api = "openai-moderation", const std::string& endpoint = "judge",
                         bool two = false)
      : GatewayWorld(options()) {
    world.add_process("service", [this](simulation::SimEnv& env, Transport& transport) {
      return std::make_unique<ServiceProgram>(env, transport, service);
    });
    ConfigOptions config;
    config.guardrails = "[" + rule("judge", stage, more, api, endpoint) + "," +
                        rule("second", stage, R"("failMode":"Open",)", api, "judge") + "]";
    if (!two) config.guardrails = "[" + rule("judge", stage, more, api, endpoint) + "]";
    start(config);
  }
  std::shared_ptr<Service> service = std::make_shared<Service>();
};

std::string user_says(const std::string& text) {
  return R"({"model":"bot","messages":[{"role":"user","content":")" + text + "\"}]}";
}

TEST(Detector, IsAskedAboutARequestsTexts) {
  for (const char* api : {"openai-moderation", "text-contents"}) {
    DetectorWorld gateway("input", "", api);
    EXPECT_EQ(gateway.ask(user_says("an evil plan")).status, 400);
    EXPECT_EQ(gateway.ask(user_says("a good plan")).status, 200);
    ASSERT_EQ(gateway.service->asked.size(), 2u);
    EXPECT_EQ(gateway.service->asked[0].headers.get("authorization"), "Bearer t0");
  }
}

TEST(Detector, ThatDoesNotAnswerInTimeBlocksUnlessItsRuleFailsOpen) {
  for (const char* more : {"", R"("failMode":"Open",)"}) {
    DetectorWorld gateway("input", more);
    gateway.service->silent = true;
    const Duration before = gateway.world.time();
    EXPECT_EQ(gateway.ask(user_says("a good plan")).status, *more ? 200 : 400);
    EXPECT_GE(gateway.world.time() - before, defaults::kDetectorTimeout);
    EXPECT_LT(gateway.world.time() - before, defaults::kDetectorTimeout + Duration(200));
    EXPECT_THAT(
        gateway.get("/metrics").text,
        HasSubstr(R"(llmops_guardrail_failures_total{guardrail="safety",rule="judge",stage="input"} 1)"));
  }
  DetectorWorld failing("input");
  failing.service->status = 500;
  EXPECT_EQ(failing.ask(user_says("a good plan")).status, 400);
  DetectorWorld unknown("input", "", "openai-moderation", "nobody");
  EXPECT_EQ(unknown.ask(user_says("a good plan")).status, 400);
}

TEST(Detector, IsAskedAboutEverythingAtOnceTogetherWithTheOthers) {
  DetectorWorld gateway("input", "", "openai-moderation", "judge", true);
  gateway.service->takes = Duration(100);
  const std::string message = R"({"role":"user","content":"a good plan"})";
  const Duration before = gateway.world.time();
  EXPECT_EQ(
      gateway.ask(R"({"model":"bot","messages":[)" + message + "," + message + "," + message + "]}").status,
      200);
  EXPECT_EQ(gateway.service->asked.size(), 6u) << "two detectors about three texts";
  EXPECT_EQ(gateway.service->most_running, 6);
  EXPECT_LT(gateway.world.time() - before, Duration(200));
}

TEST(Detector, IsAskedAboutAnAnswerTogetherWithTheOthers) {
  DetectorWorld gateway("output", "", "openai-moderation", "judge", true);
  gateway.service->takes = Duration(100);
  const Duration before = gateway.world.time();
  EXPECT_EQ(hear(gateway.ask(kAsk)).texts.at("0/content"), "Hello world");
  EXPECT_EQ(gateway.service->most_running, 2);
  EXPECT_LT(gateway.world.time() - before, Duration(200));
}

TEST(Detector, HoldsNoSlotOfAnEngineWhileItThinks) {
  DetectorWorld gateway("input");
  gateway.service->takes = Duration(100);
  const auto answer = gateway.begin(user_says("a good plan"));
  gateway.world.run_for(Duration(50));
  EXPECT_EQ(gateway.service->running, 1);
  EXPECT_TRUE(gateway.gateway().router().in_flight().empty());
  EXPECT_EQ(gateway.gateway().router().waiting(), 0u);
  gateway.world.run_for(Duration(200));
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((*answer)->status, 200);
  EXPECT_EQ(gateway.service->asked.size(), 1u) << "asked once, though the request was placed twice";
}

TEST(Detector, SeesEachSentenceOfAnAnswerBeforeTheClientDoes) {
  DetectorWorld gateway("output");
  for (auto& [name, script] : gateway.engines)
    script->pieces = stream_of({"All is good", ". Now the ev", "il part. And", " more"}, script->model);
  for (const auto* ask : {&kAskStream, &kAsk}) {
    const Answer answer = gateway.ask(*ask);
    EXPECT_EQ(hear(answer).finish_reasons.at(0), "content_filter");
    EXPECT_THAT(answer.text, HasSubstr("All is good"));
    EXPECT_THAT(answer.text, Not(HasSubstr("il part")));
    EXPECT_TRUE(hear(answer).done);
  }
  for (auto& [name, script] : gateway.engines)
    script->pieces = stream_of({"All is good", ". And", " more"}, script->model);
  for (const auto* ask : {&kAskStream, &kAsk}) {
    const Answer answer = gateway.ask(*ask);
    EXPECT_EQ(hear(answer).texts.at("0/content"), "All is good. And more") << "the rest is seen at the end";
    EXPECT_EQ(hear(answer).finish_reasons.at(0), "stop");
  }
}

TEST(Detector, WhoseClientHasLeftIsNotWaitedFor) {
  DetectorWorld gateway("output");
  gateway.service->silent = true;
  gateway.ask_and_leave(kAskStream, 1);
  gateway.world.run_for(Duration(2'000));
  EXPECT_TRUE(gateway.gateway().router().in_flight().empty());
}

TEST(Endpoints, AreReadFromMountedFiles) {
  simulation::World world;
  auto& probe = simulation::add_probe(world);
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / "endpoints";
  std::filesystem::create_directories(folder / "judge");
  const auto write = [&](const char* name, const char* text) {
    std::ofstream(folder / "judge" / name) << text;
  };
  const EndpointSource endpoints = endpoints_in_folder(probe.env, folder);
  EXPECT_FALSE(endpoints("judge").ok());
  write("url", "https://judge.example:8443/api/\n");
  write("token", " t1\n");
  write("ca", "PEM");
  const auto first = endpoints("judge");
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(first->peer.host, "judge.example");
  EXPECT_EQ(first->peer.port, 8443);
  EXPECT_EQ(first->path_prefix, "/api");
  EXPECT_EQ(first->token, "t1");
  EXPECT_EQ(first->peer.tls->ca_pem, "PEM");
  write("token", "t2");
  world.run_for(Duration(61'000));
  EXPECT_EQ(endpoints("judge")->token, "t2");
  EXPECT_EQ(endpoints("judge")->peer.tls, first->peer.tls) << "the same connections serve";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace llmops::gateway
