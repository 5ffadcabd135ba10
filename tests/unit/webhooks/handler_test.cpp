#include "webhooks/admission/handler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulation/world/probe.hpp"

namespace llmops::admission {
namespace {

using testing::HasSubstr;

constexpr std::uint16_t kPort = 9443;

struct HandlerTest : testing::Test {
  HandlerTest() {
    world.route("webhook", "operator");
    describe_metrics(metrics);
    Objects objects;
    objects.known = [](const std::string&) { return false; };
    ListenOptions listen;
    listen.port = kPort;
    listen.max_body_bytes = kMaxBodyBytes;
    auto served = replica.transport.serve(listen, handler(replica.env, objects, metrics));
    EXPECT_TRUE(served.ok()) << served.error().message;
    server = std::move(*served);
  }

  struct Reply {
    int status = 0;
    std::string body;
  };
  Task<Result<Reply>> exchange(HttpRequest request) {
    Peer peer;
    peer.host = "webhook";
    peer.port = kPort;
    const ExchangeOptions options;
    auto response = co_await probe.transport.exchange(peer, request, options);
    if (!response.ok()) co_return response.error();
    auto body = co_await read_all(*response->body, 1u << 20);
    if (!body.ok()) co_return body.error();
    co_return Reply{response->status, std::move(*body)};
  }
  Reply ask(const std::string& method, const std::string& path, const std::string& body) {
    auto reply = simulation::await(world, probe.env, exchange(HttpRequest(method, path, {}, body)));
    EXPECT_TRUE(reply.ok()) << reply.error().message;
    return reply.ok() ? *reply : Reply();
  }
  static std::string question(const char* text) {
    const Json object = {
        {"metadata", {{"name", "p"}}},
        {"spec",
         {{"prompt", "support"}, {"version", 1}, {"messages", {{{"role", "system"}, {"content", text}}}}}}};
    return dump_json({{"apiVersion", "admission.k8s.io/v1"},
                      {"kind", "AdmissionReview"},
                      {"request",
                       {{"uid", "u-1"},
                        {"kind", {{"kind", "PromptVersion"}}},
                        {"operation", "CREATE"},
                        {"namespace", "shop"},
                        {"object", object}}}});
  }

  simulation::World world;
  Metrics metrics;
  simulation::Probe& replica = simulation::add_probe(world, "operator");
  simulation::Probe& probe = simulation::add_probe(world, "api-server");
  std::unique_ptr<Server> server;
};

TEST_F(HandlerTest, AnswersAQuestionAndCountsWhatBecameOfIt) {
  const Reply good = ask("POST", "/validate", question("Be brief."));
  EXPECT_EQ(good.status, 200);
  EXPECT_TRUE(Json::parse(good.body).at("response").at("allowed"));
  const Reply bad = ask("POST", "/validate?timeout=2s", question("Hello {{ name"));
  EXPECT_EQ(bad.status, 200);
  EXPECT_FALSE(Json::parse(bad.body).at("response").at("allowed"));
  const std::string told = metrics.text();
  EXPECT_THAT(told, HasSubstr(R"(llmops_admission_requests_total{kind="PromptVersion",result="allowed"} 1)"));
  EXPECT_THAT(told, HasSubstr(R"(llmops_admission_requests_total{kind="PromptVersion",result="refused"} 1)"));
  EXPECT_THAT(told, HasSubstr(R"(llmops_admission_seconds_count{kind="PromptVersion"} 2)"));
}

TEST_F(HandlerTest, RefusesWhatIsNoQuestion) {
  EXPECT_EQ(ask("POST", "/validate", "nonsense").status, 400);
  EXPECT_EQ(ask("GET", "/validate", "").status, 405);
  EXPECT_EQ(ask("POST", "/mutate", question("Be brief.")).status, 404);
  EXPECT_THAT(metrics.text(),
              HasSubstr(R"(llmops_admission_requests_total{kind="other",result="malformed"} 1)"));
}

}  // namespace
}  // namespace llmops::admission
