#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway_world.hpp"
#include "token_signer.hpp"

namespace llmops::gateway {
namespace {

using namespace testing;
using ::testing::HasSubstr;

class Evaluation : public ::testing::Test {
 protected:
  Evaluation() : signer_("k1", false) {
    gateway_.jwks = "{\"keys\":[" + signer_.jwk() + "]}";
    ConfigOptions options;
    options.open = false;
    gateway_.start(options);
  }
  static std::string claims(const std::string& subject = "system:serviceaccount:shop:evaluator",
                            const std::string& audience = "llmops.dev/evaluation/shop/bot") {
    return R"({"sub":")" + subject + R"(","aud":[")" + audience +
           R"("],"exp":1767229200})";  // an hour after the world's start
  }
  Answer ask(const std::string& token, const std::string& revision = kCandidate) {
    return gateway_.ask(kAsk, {{"authorization", "Bearer " + token}},
                        "/revisions/" + revision + "/v1/chat/completions", "POST", 8081);
  }
  Signer signer_;
  GatewayWorld gateway_;
};

TEST_F(Evaluation, AsksTheRevisionThatItNamesWhileUsersAreShutOut) {
  const Answer answer = ask(signer_.token(claims()));
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.headers.get("x-llmops-arm"), "evaluation");
  EXPECT_EQ(answer.headers.get("x-llmops-revision"), "2");
  EXPECT_EQ(answer.json()["model"], "bot");
  const Headers authorised{{"authorization", "Bearer " + signer_.token(claims())}};
  const auto models = gateway_.ask("", authorised, "/revisions/" + kCandidate + "/v1/models", "GET", 8081);
  EXPECT_EQ(models.json()["data"][0]["id"], "bot");
  EXPECT_TRUE(gateway_.get("/v1/models", 8080).json()["data"].empty());
  EXPECT_EQ(gateway_.ask(kAsk).status, 503) << "closed for users";
  EXPECT_EQ(gateway_.get("/readyz").status, 503);
  EXPECT_EQ(gateway_.key_fetches, 1);
  EXPECT_EQ(ask(signer_.token(claims()), kStable).status, 200);
  EXPECT_EQ(gateway_.key_fetches, 1) << "the key is known now";
}

TEST_F(Evaluation, NeedsATokenOfItsAudienceAndNamespace) {
  const auto refused = [&](const Answer& answer, int status) {
    EXPECT_EQ(answer.status, status) << answer.text;
    EXPECT_TRUE(answer.json()["error"].contains("message"));
  };
  refused(gateway_.ask(kAsk, {}, "/revisions/" + kCandidate + "/v1/chat/completions", "POST", 8081), 401);
  refused(ask("nonsense"), 401);
  refused(ask(signer_.token(claims("system:serviceaccount:shop:evaluator", "api"))), 401);
  refused(ask(signer_.token(claims("system:serviceaccount:evil:evaluator"))), 403);
  refused(ask(signer_.token(claims()), "0000"), 404);
  refused(gateway_.ask(kAsk, {{"authorization", "Bearer " + signer_.token(claims())}}, "/v1/chat/completions",
                       "POST", 8081),
          404);
  EXPECT_TRUE(gateway_.engines["a"]->completions.empty());
  EXPECT_TRUE(gateway_.engines["b"]->completions.empty());
}

TEST_F(Evaluation, FetchesKeysForAnUnknownKeyAtMostOnceInTenSeconds) {
  const Signer next("k2", false);
  EXPECT_EQ(ask(signer_.token(claims())).status, 200);
  gateway_.jwks = "{\"keys\":[" + next.jwk() + "]}";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(next.token(claims())).status, 401);
  EXPECT_EQ(gateway_.key_fetches, 1);
  gateway_.world.run_for(Duration(10'000));
  EXPECT_EQ(ask(next.token(claims())).status, 200);
  EXPECT_EQ(gateway_.key_fetches, 2);
}

TEST_F(Evaluation, SaysWhenTheClustersKeysCannotBeHad) {
  gateway_.jwks = "no keys";
  const Answer answer = ask(signer_.token(claims()));
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.text, HasSubstr("signing keys"));
}

}  // namespace
}  // namespace llmops::gateway
