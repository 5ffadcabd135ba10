#include "gateway/server/static_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace llmops::gateway {
namespace {

using ::testing::HasSubstr;

constexpr auto kConfig =
    R"("config":{"version":"gatewayconfig/v1","namespace":"n","modelDeployment":"m","epoch":1,"models":[]})";

std::string refusal(const std::string& text) {
  const auto parsed = parse_static_config(text);
  EXPECT_FALSE(parsed.ok());
  return parsed.ok() ? "" : parsed.error().message;
}

TEST(StaticConfig, ReadsConfigurationBodiesAndEndpoints) {
  const auto parsed = parse_static_config(
      std::string("{") + kConfig + R"(,"bodies":[{"version":"revisionbody/v1","hash":"h","servingHash":"s",
      "engine":{"type":"llamacpp","port":8080,"model":"m-s"}}],
      "endpoints":[{"servingHash":"s","ip":"127.0.0.1","port":9},{"servingHash":"s","ip":"127.0.0.1","podUID":"b"}],"jwks":{"keys":[]}})");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->config.epoch, 1);
  EXPECT_EQ(parsed->bodies.at("h").engine.model, "m-s");
  ASSERT_EQ(parsed->endpoints.at("s").size(), 2u);
  EXPECT_EQ(parsed->endpoints.at("s")[0].pod_uid, "127.0.0.1:9");
  EXPECT_EQ(parsed->endpoints.at("s")[1].port, 0);
  EXPECT_EQ(parsed->jwks, R"({"keys":[]})");
}

TEST(StaticConfig, NamesTheFieldAtFault) {
  EXPECT_THAT(refusal("{}"), HasSubstr("config: found nothing"));
  EXPECT_THAT(refusal(R"({"config":{"version":"gatewayconfig/v1"}})"), HasSubstr("config."));
  EXPECT_THAT(refusal(std::string("{") + kConfig + R"(,"bodies":[{}]})"), HasSubstr("bodies[0]"));
  EXPECT_THAT(refusal(std::string("{") + kConfig + R"(,"endpoints":[{"servingHash":"s"}]})"),
              HasSubstr("endpoints[0].ip"));
  EXPECT_THAT(refusal(std::string("{") + kConfig + R"(,"endpoints":[{"ip":"1.1.1.1","port":70000}]})"),
              HasSubstr("endpoints[0].port"));
  EXPECT_THAT(refusal(std::string("{") + kConfig + R"(,"endpoints":[{"ip":"1.1.1.1"}]})"),
              HasSubstr("endpoints[0].servingHash"));
}

}  // namespace
}  // namespace llmops::gateway
