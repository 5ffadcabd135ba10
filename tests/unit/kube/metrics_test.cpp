#include "operator/runtime/metrics.hpp"

#include <gtest/gtest.h>

#include "operator/runtime/health.hpp"
#include "operator/runtime/log.hpp"
#include "tests/simulation/world/probe.hpp"

namespace llmops {
namespace {

using metrics::Program;
using metrics::Type;

TEST(Metrics, are_written_as_Prometheus_reads_them) {
  Metrics metrics;
  metrics.describe({Program::Operator, "requests_total", Type::Counter, "", "Requests."});
  metrics.describe({Program::Operator, "depth", Type::Gauge, "", "Depth."});
  metrics.add("requests_total", {{"code", "200"}, {"arm", "stable"}});
  metrics.add("requests_total", {{"arm", "stable"}, {"code", "200"}}, 2);
  metrics.set("depth", {}, 1.5);
  EXPECT_EQ(metrics.text(),
            "# HELP depth Depth.\n# TYPE depth gauge\ndepth 1.5\n"
            "# HELP requests_total Requests.\n# TYPE requests_total counter\n"
            "requests_total{arm=\"stable\",code=\"200\"} 3\n");
}

TEST(Metrics, a_histogram_is_cumulative_and_counts_what_is_above_all_bounds) {
  Metrics metrics;
  metrics.describe({Program::Operator, "seconds", Type::Histogram, "", "Time."}, {1, 0.1});
  for (const double value : {0.1, 0.05, 0.5, 7.0}) metrics.observe("seconds", {{"a", "b"}}, value);
  EXPECT_EQ(metrics.text(),
            "# HELP seconds Time.\n# TYPE seconds histogram\n"
            "seconds_bucket{a=\"b\",le=\"0.1\"} 2\nseconds_bucket{a=\"b\",le=\"1\"} "
            "3\nseconds_bucket{a=\"b\",le=\"+Inf\"} 4\n"
            "seconds_sum{a=\"b\"} 7.65\nseconds_count{a=\"b\"} 4\n");
}

TEST(Metrics, label_values_are_escaped_removed_series_vanish_and_unknown_names_are_ignored) {
  Metrics metrics;
  metrics.describe({Program::Operator, "depth", Type::Gauge, "", "Depth."});
  metrics.set("depth", {{"q", "a\"b\\c\nd"}}, 1);
  EXPECT_NE(metrics.text().find("depth{q=\"a\\\"b\\\\c\\nd\"} 1\n"), std::string::npos) << metrics.text();
  metrics.remove("depth", {{"q", "a\"b\\c\nd"}});
  metrics.set("never described", {}, 1);
  EXPECT_EQ(metrics.text(), "");
}

struct HealthTest : ::testing::Test {
  simulation::World world;
  simulation::Probe& probe = simulation::add_probe(world);
  Metrics metrics;
  bool healthy = true, ready = false;
  std::unique_ptr<Server> server;

  void SetUp() override {
    HealthChecks checks;
    checks.healthy = [this] { return healthy; };
    checks.ready = [this] { return ready; };
    checks.metrics = &metrics;
    checks.before_metrics = [this] { metrics.set("depth", {}, 4); };
    metrics.describe({Program::Operator, "depth", Type::Gauge, "", "Depth."});
    ListenOptions listen;
    listen.port = 8080;
    server = std::move(probe.transport.serve(listen, health_handler(checks))).value();
  }
  std::pair<int, std::string> ask(const std::string& method, const std::string& target) {
    Peer peer;
    peer.host = "probe";
    peer.port = 8080;
    const HttpRequest request(method, target);
    const ExchangeOptions options;
    auto response = simulation::await(world, probe.env, probe.transport.exchange(peer, request, options));
    return {response->status, *simulation::await(world, probe.env, read_all(*response->body, 100'000))};
  }
};

TEST_F(HealthTest, probes_follow_their_conditions_and_metrics_are_served) {
  EXPECT_EQ(ask("GET", "/healthz").first, 200);
  EXPECT_EQ(ask("GET", "/readyz").first, 503);
  ready = true;
  healthy = false;
  EXPECT_EQ(ask("GET", "/readyz?verbose=1").first, 200);
  EXPECT_EQ(ask("GET", "/livez").first, 503);
  EXPECT_NE(ask("GET", "/metrics").second.find("depth 4\n"), std::string::npos);
  EXPECT_EQ(ask("GET", "/else").first, 404);
  EXPECT_EQ(ask("POST", "/healthz").first, 405);
}

TEST(Log, masks_bearer_tokens_and_jwts_wherever_they_stand) {
  EXPECT_EQ(mask_secrets("Authorization: Bearer abc.def, next"), "Authorization: Bearer [masked], next");
  EXPECT_EQ(mask_secrets(R"({"token":"eyJhbGciOi.J9.sig"})"), R"({"token":"[masked]"})");
  EXPECT_EQ(mask_secrets("nothing secret: eye"), "nothing secret: eye");
}

TEST(Log, knows_its_levels) {
  for (const char* level : {"trace", "debug", "info", "warn", "error", "off"})
    EXPECT_TRUE(make_logger({true, level}).ok()) << level;
  EXPECT_EQ(make_logger({true, "loud"}).error().code, ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace llmops
