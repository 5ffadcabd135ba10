// A gate of the kind prometheus from its specification to its record, on virtual time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "crds/wire/eval_summary.hpp"
#include "evaluator/job/job.hpp"
#include "fake_arms.hpp"
#include "virtual_env.hpp"

namespace llmops::evaluator {
namespace {

using api::Verdict;
using testing::HasSubstr;
using testing::Not;
using testing_support::ScriptedBody;
using testing_support::VirtualEnv;

struct Asked {
  Duration at;
  std::string target, query, authorization;
};

class FakePrometheus final : public Transport {
 public:
  using Answerer = std::function<std::string(const Asked&)>;
  FakePrometheus(Env& env, Answerer answerer) : env_(env), answerer_(std::move(answerer)) {}

  Task<Result<HttpResponse>> exchange(const Peer& peer, const HttpRequest& request,
                                      const ExchangeOptions&) override {
    EXPECT_EQ(peer.host, "prometheus.monitoring.svc");
    const HttpRequest form("GET", "/?" + request.body);
    log.push_back({env_.uptime(), request.target, form.query("query"),
                   std::string(request.headers.get("authorization"))});
    std::string body = answerer_(log.back());
    const Result<void> slept = co_await env_.sleep(body == "slow" ? Duration(3'600'000) : Duration(10));
    if (!slept) co_return slept.error();
    if (body == "refused") co_return Error{ErrorCode::Unavailable, "connection refused"};
    HttpResponse response;
    response.status = status;
    response.body = std::make_unique<ScriptedBody>(env_, std::vector<std::string>{body}, Duration(1));
    co_return response;
  }
  void close_pool(std::string_view) override {}
  Result<std::unique_ptr<Server>> serve(const ListenOptions&, Handler) override {
    return Error{ErrorCode::InvalidArgument, "nobody listens here"};
  }

  std::vector<Asked> log;
  int status = 200;

 private:
  Env& env_;
  Answerer answerer_;
};

std::string says(double value) {
  return dump_json({{"status", "success"},
                    {"data",
                     {{"resultType", "vector"},
                      {"result", {{{"metric", Json::object()}, {"value", {1, std::to_string(value)}}}}}}}});
}

class PrometheusJob : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::path(testing::TempDir()) /
        ("prometheus_job_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::create_directories(folder_);
    write("url", "http://prometheus.monitoring.svc:9090/\n");
    write("token", "secret-token\n");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const char* key, const std::string& text) { std::ofstream(folder_ / key) << text; }

  static Task<void> run_into(Env& env, Transport& transport, JobInput input, JobOutcome& out) {
    Task<JobOutcome> running = run_job(env, transport, std::move(input));
    out = co_await std::move(running);
  }

  wire::EvalSummary run(const std::vector<Json>& metrics, FakePrometheus::Answerer answerer,
                        int status = 200) {
    FakePrometheus prometheus(env, std::move(answerer));
    prometheus.status = status;
    JobInput input;
    input.spec_text = dump_json({{"version", "evalspec/v1"},
                                 {"evalRun", "bot-run-1"},
                                 {"prometheus", {{"endpointRef", {{"name", "p"}}}, {"metrics", metrics}}}});
    input.endpoint_folder = folder_;
    started = env.uptime();
    EXPECT_TRUE(env.run(run_into(env, prometheus, std::move(input), outcome)));
    asked = prometheus.log;
    EXPECT_LE(outcome.summary.size(), 4096u);
    EXPECT_THAT(outcome.summary, Not(HasSubstr("secret-token")));
    const auto summary = wire::EvalSummary::parse(*parse_json(outcome.summary));
    EXPECT_TRUE(summary.ok()) << summary.error().message;
    return summary.ok() ? *summary : wire::EvalSummary();
  }

  VirtualEnv env;
  Duration started{};
  JobOutcome outcome;
  std::vector<Asked> asked;

 private:
  std::filesystem::path folder_;
};

Json metric(const char* name, Json more = Json::object()) {
  Json metric = {{"name", name},
                 {"query", std::string("x{m=\"") + name + "\"}"},
                 {"successCondition", "result[0] > 0.5"}};
  metric.update(more);
  return metric;
}

TEST_F(PrometheusJob, MeasuresAtItsIntervalAfterItsDelayUntilItsCount) {
  const auto summary = run({metric("a", {{"interval", "1m"}, {"count", 3}, {"initialDelay", "30s"}})},
                           [](const Asked&) { return says(0.9); });
  EXPECT_EQ(summary.verdict, Verdict::Successful);
  ASSERT_EQ(asked.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(asked[i].at - started, std::chrono::seconds(30) + i * std::chrono::minutes(1));
  EXPECT_EQ(asked[0].target, "/api/v1/query");
  EXPECT_EQ(asked[0].query, "x{m=\"a\"}");
  EXPECT_EQ(asked[0].authorization, "Bearer secret-token");
  EXPECT_EQ(outcome.items.size(), 3u);
  EXPECT_EQ(summary.dataset_digest, "");
}

TEST_F(PrometheusJob, EndsAtTheFirstMetricThatFails) {
  const auto summary =
      run({metric("good", {{"interval", "1h"}, {"count", 5}}), metric("bad", {{"initialDelay", "1m"}})},
          [](const Asked& one) { return says(one.query == "x{m=\"bad\"}" ? 0.1 : 0.9); });
  EXPECT_EQ(summary.verdict, Verdict::Failed);
  EXPECT_LT(env.uptime() - started, std::chrono::minutes(2));
  EXPECT_THAT(summary.message, HasSubstr("bad: 0 of 1 measurements successful, 1 failed (allowed 0): [0.1]"));
  ASSERT_EQ(summary.metrics.size(), 2u);
  EXPECT_EQ(summary.metrics[0].verdict, Verdict::Inconclusive) << "it had not decided";
  EXPECT_EQ(summary.metrics[1].verdict, Verdict::Failed);
}

TEST_F(PrometheusJob, WaitsForASiblingThatMayStillFailWhenAMetricIsInconclusive) {
  Json unclear = metric("unclear", {{"failureCondition", "result[0] < 0.1"}});
  unclear["successCondition"] = "result[0] > 0.9";
  const auto answer = [](const Asked& one) { return says(one.query == "x{m=\"late\"}" ? 0.2 : 0.5); };
  EXPECT_EQ(run({unclear, metric("late", {{"initialDelay", "10m"}})}, answer).verdict, Verdict::Failed);
  EXPECT_EQ(run({unclear}, answer).verdict, Verdict::Inconclusive);
}

TEST_F(PrometheusJob, TriesAgainAfterErrorsUntilTheirLimit) {
  int left = 4;
  EXPECT_EQ(run({metric("a")}, [&](const Asked&) { return left-- > 0 ? std::string("refused") : says(0.9); })
                .verdict,
            Verdict::Successful);
  ASSERT_EQ(asked.size(), 5u);
  EXPECT_EQ(asked[1].at - asked[0].at, std::chrono::seconds(10)) << "without an interval";
  const auto summary = run({metric("a")}, [](const Asked&) { return std::string("refused"); });
  EXPECT_EQ(summary.verdict, Verdict::Error);
  EXPECT_EQ(asked.size(), 5u);
  EXPECT_THAT(summary.message, HasSubstr("5 errors: connection refused"));
}

TEST_F(PrometheusJob, EndsByItselfWhereAnswersDoNotCome) {
  const auto slow = run({metric("a")}, [](const Asked&) { return std::string("slow"); });
  EXPECT_EQ(slow.verdict, Verdict::Error);
  EXPECT_EQ(env.uptime() - started, 5 * std::chrono::seconds(30)) << "five errors of 30 s each";
  int number = 0;
  const auto torn = run({metric("a", {{"interval", "1m"}, {"count", 10}})},
                        [&](const Asked&) { return ++number % 2 ? says(0.9) : std::string("slow"); });
  EXPECT_EQ(torn.verdict, Verdict::Error);
  EXPECT_THAT(torn.message, HasSubstr("stopped after 16m30s: a: "));
}

TEST_F(PrometheusJob, SaysWhatTheEndpointLacksAndNeverItsToken) {
  const std::vector<Json> once = {metric("a", {{"consecutiveErrorLimit", 0}})};
  const auto good = [](const Asked&) { return says(0.9); };
  EXPECT_THAT(run(once, good, 401).message, HasSubstr("status 401: the endpoint refuses its token"));
  EXPECT_THAT(run(once, good, 502).message, HasSubstr("status 502"));
  const auto echo = [](const Asked&) {
    return std::string(R"({"status":"error","errorType":"x","error":"found Bearer secret-token"})");
  };
  EXPECT_THAT(run(once, echo, 400).message, HasSubstr("x: found Bearer …"));
  write("url", "http://user:secret-token@prometheus.monitoring.svc\n");
  EXPECT_THAT(run(once, good).message, HasSubstr("endpoint: found another url than is allowed"));
  write("url", "");
  EXPECT_THAT(run(once, good).message, HasSubstr("endpoint: found no url, allowed a Secret"));
  EXPECT_TRUE(asked.empty());
}

TEST_F(PrometheusJob, IsAnErrorWhereAConditionIsNone) {
  EXPECT_THAT(
      run({metric("a", {{"successCondition", "value > 1"}})}, [](const Asked&) { return says(1); }).message,
      HasSubstr("metric a: successCondition: byte 0: found value, allowed result"));
}

}  // namespace
}  // namespace llmops::evaluator
