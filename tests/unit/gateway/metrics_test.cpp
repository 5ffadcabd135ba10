#include "gateway/server/metrics.hpp"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace llmops::gateway {
namespace {

TEST(GatewayMetrics, tell_every_family_of_the_table_and_no_other) {
  std::set<std::string> told, table;
  std::istringstream lines(GatewayMetrics().text(Router({})));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("# ")) EXPECT_TRUE(told.insert(line).second) << line << " stands there twice";
  for (const metrics::Family& family : metrics::kGatewayFamilies) {
    table.insert("# HELP " + std::string(family.name) + " " + std::string(family.help));
    table.insert("# TYPE " + std::string(family.name) + " " + std::string(to_string(family.type)));
  }
  EXPECT_EQ(told, table);
}

TEST(GatewayMetrics, label_their_values_as_the_table_says) {
  GatewayMetrics metrics;
  metrics.count_request("stable", "0123456789abcdef", 200);
  metrics.observe_duration("stable", "0123456789abcdef", Duration(30));
  metrics.count_tokens("stable", "0123456789abcdef", TokenUsage{.input = 3, .output = 5});
  const std::string text = metrics.text(Router({}));
  const std::string labels = R"(arm="stable",revision="0123456789")";
  EXPECT_NE(text.find("llmops_gateway_requests_total{" + labels + R"(,code="200"} 1)"), std::string::npos);
  EXPECT_NE(text.find("gen_ai_server_request_duration_seconds_bucket{" + labels + R"(,le="0.04"} 1)"),
            std::string::npos);
  EXPECT_NE(text.find("gen_ai_server_request_duration_seconds_sum{" + labels + "} 0.03\n"),
            std::string::npos);
  EXPECT_NE(text.find("gen_ai_client_token_usage_count{" + labels + R"(,gen_ai_token_type="output"} 1)"),
            std::string::npos);
}

}  // namespace
}  // namespace llmops::gateway
