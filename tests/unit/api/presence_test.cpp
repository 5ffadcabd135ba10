// Absent, empty, null and unknown members.
#include <gtest/gtest.h>

#include "crds/api/eval_run.hpp"
#include "crds/api/model_deployment.hpp"
#include "crds/api/prompt_version.hpp"
#include "crds/wire/gateway_config.hpp"
#include "load.hpp"

namespace llmops {
namespace {

using test::load;

TEST(ApiPresence, AbsentOptionalFieldsStayAbsent) {
  const auto parsed = api::ModelDeployment::parse(load("model_deployment_inline_prompt"));
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_FALSE(parsed->spec.served_model_name);
  EXPECT_FALSE(parsed->spec.gateway);
  EXPECT_FALSE(parsed->spec.backend.pods.engine.port);
  EXPECT_TRUE(parsed->spec.backend.pods.engine.args.empty());
  EXPECT_FALSE(parsed->status);
  EXPECT_FALSE(parsed->to_json().contains("status"));
}

TEST(ApiPresence, AnEmptyTextIsNotAbsent) {
  const auto variable = api::PromptVariable::parse({{"default", ""}});
  ASSERT_TRUE(variable.ok());
  ASSERT_TRUE(variable->default_);
  EXPECT_EQ(*variable->default_, "");
  EXPECT_EQ(variable->to_json(), (Json{{"default", ""}}));
}

TEST(ApiPresence, AnEmptyObjectIsNotAbsent) {
  const auto message = api::PromptMessage::parse({{"conversation", Json::object()}});
  ASSERT_TRUE(message.ok());
  EXPECT_TRUE(message->conversation);
  EXPECT_EQ(message->to_json(), (Json{{"conversation", Json::object()}}));
}

TEST(ApiPresence, NullIsAbsent) {
  const auto message =
      api::PromptMessage::parse({{"role", "user"}, {"content", "Hi"}, {"conversation", nullptr}});
  ASSERT_TRUE(message.ok());
  EXPECT_FALSE(message->conversation);
  const auto reference = api::LocalReference::parse({{"name", nullptr}});
  ASSERT_FALSE(reference.ok());
  EXPECT_EQ(reference.error().message, "name: found nothing, allowed a string (required)");
}

TEST(ApiPresence, EmptyListsAndMapsAreLeftOutUnlessRequired) {
  api::PodTemplate pods;
  EXPECT_EQ(pods.to_json(), Json::object());
  wire::GatewayArm arm;
  EXPECT_EQ(arm.to_json()["buckets"], Json::array());
  api::Rejection rejection;
  EXPECT_EQ(rejection.to_json()["parts"], Json::object());
}

TEST(ApiPresence, ZeroAndFalseAreWritten) {
  api::CanaryStep step;
  step.set_weight = 0;
  EXPECT_EQ(step.to_json(), (Json{{"setWeight", 0}}));
  api::Scorer scorer{.type = api::ScorerType::Equals, .ignore_case = false};
  EXPECT_EQ(scorer.to_json(), (Json{{"type", "equals"}, {"ignoreCase", false}}));
}

TEST(ApiPresence, UnknownFieldsAreIgnored) {
  Json document = load("model_deployment");
  const auto known = api::ModelDeployment::parse(document);
  document["spec"]["later"] = {{"field", 1}};
  document["status"]["arms"][0]["later"] = true;
  const auto parsed = api::ModelDeployment::parse(document);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(*parsed, *known);
}

TEST(ApiPresence, MetadataIsNotLookedAt) {
  Json document = load("eval_run");
  document["metadata"] = "anything";
  EXPECT_TRUE(api::EvalRun::parse(document).ok());
}

TEST(ApiPresence, OneChangedFieldMakesTwoObjectsUnequal) {
  const auto parsed = api::ModelDeployment::parse(load("model_deployment"));
  ASSERT_TRUE(parsed.ok());
  auto other = *parsed;
  EXPECT_EQ(other, *parsed);
  other.status->arms[0].weight = 96;
  EXPECT_NE(other, *parsed);
}

TEST(ApiPresence, ThePromptOfAVersionReadsAsPromptContent) {
  const auto version = api::PromptVersion::parse(load("prompt_version"));
  ASSERT_TRUE(version.ok());
  const auto content = api::PromptContent::parse(version->spec.to_json());
  ASSERT_TRUE(content.ok()) << content.error().message;
  EXPECT_EQ(content->messages, version->spec.messages);
  EXPECT_EQ(content->variables, version->spec.variables);
  EXPECT_EQ(content->client_system_messages, version->spec.client_system_messages);
}

}  // namespace
}  // namespace llmops
