// The rules of Argo Rollouts' AnalysisTemplate (its documentation and utils/evaluate), and where ours differ.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "evaluator/prometheus/measurement.hpp"
#include "evaluator/prometheus/plan.hpp"
#include "evaluator/prometheus/query.hpp"

namespace llmops::prometheus {
namespace {

using api::Verdict;
using testing::HasSubstr;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Conditions {
  std::optional<std::string> success, failure;
};

Metric metric_of(const Conditions& conditions, api::PrometheusMetric asked = {}) {
  asked.name = "answered";
  asked.query = "up";
  asked.success_condition = conditions.success;
  asked.failure_condition = conditions.failure;
  auto metric = Metric::of(asked);
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(*metric);
}

Verdict measured(const Conditions& conditions, const Answer& answer) {
  return metric_of(conditions).measure(answer).phase;
}

Answer vector(std::vector<double> values) {
  return {false, std::move(values)};
}

TEST(Measurement, IsWhatBothConditionsSayTogether) {
  const Conditions success{"result[0] >= 0.95", {}}, failure{{}, "result[0] < 0.9"};
  const Conditions both{success.success, failure.failure};
  EXPECT_EQ(measured(success, vector({0.95})), Verdict::Successful);
  EXPECT_EQ(measured(success, vector({0.94})), Verdict::Failed);
  EXPECT_EQ(measured(failure, vector({0.94})), Verdict::Successful);
  EXPECT_EQ(measured(failure, vector({0.89})), Verdict::Failed);
  EXPECT_EQ(measured(both, vector({0.95})), Verdict::Successful);
  EXPECT_EQ(measured(both, vector({0.94})), Verdict::Inconclusive);
  EXPECT_EQ(measured(both, vector({0.89})), Verdict::Failed);
  EXPECT_EQ(measured({"result[0] > 0.1", "result[0] > 0.5"}, vector({0.6})), Verdict::Failed)
      << "failure first";
}

TEST(Measurement, IsAnErrorWhereAConditionCannotBeEvaluated) {
  EXPECT_EQ(measured({"result[1] >= 0.95", {}}, vector({1})), Verdict::Error);
  EXPECT_EQ(measured({"result >= 0.95", {}}, vector({1})), Verdict::Error) << "a list is no number";
  EXPECT_EQ(measured({"result[0] >= 0.95", {}}, {true, {1}}), Verdict::Error) << "a scalar is no list";
  EXPECT_EQ(measured({"result[0]", {}}, vector({1})), Verdict::Error) << "a number is no truth";
  EXPECT_EQ(measured({"result >= 0.95", {}}, {true, {1}}), Verdict::Successful);
  EXPECT_EQ(measured({"result[0] >= 0.5", "result[1] > 0"}, vector({1})), Verdict::Error)
      << "whatever the other condition says";
}

TEST(Measurement, WithoutDataIsNeverASuccessUnlessAConditionSaysSo) {
  for (const Conditions& conditions :
       {Conditions{"result[0] >= 0.95", {}}, Conditions{"result.all(x, x >= 0.95)", {}},
        Conditions{{}, "result.exists(x, x < 0.95)"}}) {
    EXPECT_EQ(measured(conditions, vector({})), Verdict::Error);
    EXPECT_EQ(measured(conditions, vector({kNaN})), Verdict::Inconclusive);
    EXPECT_EQ(measured(conditions, vector({1, kNaN})), Verdict::Inconclusive);
  }
  EXPECT_EQ(measured({"size(result) == 0", {}}, vector({})), Verdict::Successful);
  EXPECT_EQ(measured({"result.size() == 0", {}}, vector({})), Verdict::Successful);
  EXPECT_EQ(measured({{}, "len(result) == 0"}, vector({})), Verdict::Failed);
  EXPECT_EQ(measured({{}, "isNaN(result[0]) || result[0] < 0.9"}, vector({kNaN})), Verdict::Failed);
  EXPECT_EQ(measured({"!isNaN(result) && result > 1", {}}, {true, {kNaN}}), Verdict::Failed);
  EXPECT_EQ(measured({"isInf(result[0])", {}}, vector({INFINITY})), Verdict::Successful);
}

TEST(Condition, IsRefusedWhereItIsNotUnderstood) {
  for (const char* text : {"result[0] >=", "value > 1", "self > 1", "all(result, # >= 1)",
                           "result[0] * 2 > 1", "default(result, 0) > 1", "", "oldSelf == 1"}) {
    const auto condition = Condition::compile(text);
    ASSERT_FALSE(condition.ok()) << text;
    EXPECT_THAT(condition.error().message, HasSubstr("byte")) << text;
  }
  EXPECT_FALSE(cel::Program::compile("isNaN(self)").ok()) << "API servers know no such function";
  EXPECT_FALSE(Metric::of({}).ok()) << "a metric without conditions decides nothing";
}

// 's' Successful, 'f' Failed, 'i' Inconclusive, 'e' Error.
std::string decided(Metric metric, const std::string& phases) {
  for (std::size_t i = 0; i < phases.size(); ++i) {
    if (const auto verdict = metric.decided())
      return std::string(to_string(*verdict)) + " after " + std::to_string(i);
    metric.add({phases[i] == 's'   ? Verdict::Successful
                : phases[i] == 'f' ? Verdict::Failed
                : phases[i] == 'i' ? Verdict::Inconclusive
                                   : Verdict::Error,
                "",
                {}});
  }
  const auto verdict = metric.decided();
  return verdict ? std::string(to_string(*verdict)) : "goes on";
}

TEST(Metric, IsDecidedByItsLimits) {
  const Conditions any{"result[0] > 0", {}};
  const auto with = [&](std::int64_t count, std::int64_t failures, std::int64_t inconclusive,
                        std::optional<std::int64_t> errors = {}) {
    api::PrometheusMetric asked;
    asked.count = count;
    asked.failure_limit = failures;
    asked.inconclusive_limit = inconclusive;
    asked.consecutive_error_limit = errors;
    return metric_of(any, asked);
  };
  EXPECT_EQ(decided(metric_of(any), "s"), "Successful") << "one measurement is the default";
  EXPECT_EQ(decided(metric_of(any), "f"), "Failed");
  EXPECT_EQ(decided(metric_of(any), "i"), "Inconclusive");
  EXPECT_EQ(decided(metric_of(any), "eeee"), "goes on") << "four errors in a row are the default";
  EXPECT_EQ(decided(metric_of(any), "eeeee"), "Error");
  EXPECT_EQ(decided(with(3, 0, 0), "ss"), "goes on");
  EXPECT_EQ(decided(with(3, 0, 0), "sss"), "Successful");
  EXPECT_EQ(decided(with(5, 2, 0), "fsfs"), "goes on");
  EXPECT_EQ(decided(with(5, 2, 0), "fsfss"), "Successful") << "two failures are allowed";
  EXPECT_EQ(decided(with(5, 2, 0), "fsff"), "Failed");
  EXPECT_EQ(decided(with(5, 0, 1), "isiss"), "Inconclusive after 3");
  EXPECT_EQ(decided(with(3, 0, 0), "seses"), "Successful") << "errors do not count";
  EXPECT_EQ(decided(with(3, 0, 0, 1), "esese"), "goes on") << "only errors in a row do";
  EXPECT_EQ(decided(with(3, 0, 0, 1), "see"), "Error");
  EXPECT_EQ(decided(with(3, 0, 0, 0), "e"), "Error");
}

TEST(Metric, TellsItsCountsAndItsLastValues) {
  api::PrometheusMetric asked;
  asked.count = 9;
  asked.failure_limit = 3;
  Metric metric = metric_of({"result[0] > 0.5", {}}, asked);
  for (const double value : {0.1, 0.7, 0.75, 0.8, 0.2, 0.9}) metric.add(metric.measure(vector({value})));
  metric.add(error_measurement({ErrorCode::Unavailable, "status 502"}));
  EXPECT_EQ(metric.in_words(),
            "4 of 6 measurements successful, 2 failed (allowed 3), 1 error: [0.75], [0.8], [0.2], [0.9], "
            "status 502");
  const auto result = metric.result(Verdict::Inconclusive);
  EXPECT_EQ(result.candidate, "0.9");
  EXPECT_EQ(result.n, 7);
  EXPECT_EQ(result.scored, 6);
  EXPECT_EQ(result.unscored, 1);
  EXPECT_EQ(result.verdict, Verdict::Inconclusive) << "not decided yet";
}

TEST(Answer, IsReadAsPrometheusWritesIt) {
  const auto scalar = parse_answer(
      R"({"status":"success","data":{"resultType":"scalar","result":[1.5,"0.98"]},"warnings":["x"]})");
  ASSERT_TRUE(scalar.ok());
  EXPECT_EQ(in_words(*scalar), "0.98");
  const auto vector = parse_answer(R"({"status":"success","data":{"resultType":"vector","result":[
    {"metric":{},"value":[1,"1"]},{"metric":{},"value":[1,"NaN"]},{"metric":{},"value":[1,"+Inf"]},
    {"metric":{},"value":[1,"-Inf"]},{"metric":{},"value":[1,"1e-9"]}]}})");
  ASSERT_TRUE(vector.ok());
  EXPECT_EQ(in_words(*vector), "[1, NaN, +Inf, -Inf, … 5 in all]");
}

TEST(Answer, ThatIsNoneIsRefused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"<html>", "no JSON"},
      {"{}", "without status"},
      {R"({"status":"error","errorType":"bad_data","error":"parse error"})", "bad_data: parse error"},
      {R"({"status":"success","data":{"resultType":"matrix","result":[]}})", "type matrix"},
      {R"({"status":"success","data":{"resultType":"vector","result":{}}})", "no list"},
      {R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{}}]}})", "without a number"},
      {R"({"status":"success","data":{"resultType":"vector","result":[{"value":[1,"1x"]}]}})",
       "without a number"},
      {R"({"status":"success","data":{"resultType":"scalar","result":[1]}})", "without a number"}};
  for (const auto& [body, why] : kCases) {
    const auto answer = parse_answer(body);
    ASSERT_FALSE(answer.ok()) << body;
    EXPECT_THAT(answer.error().message, HasSubstr(why)) << body;
  }
}

TEST(Query, GetsItsArguments) {
  const Arguments arguments{"cccccccccc", "aaaaaaaaaa", "shop", "bot"};
  const auto filled =
      fill_in(R"(x{a="{{candidate}}",b="{{ stable }}",c=~"{{namespace}}/{{name}}.*"} > {y="{"})", arguments);
  ASSERT_TRUE(filled.ok());
  EXPECT_EQ(*filled, R"(x{a="cccccccccc",b="aaaaaaaaaa",c=~"shop/bot.*"} > {y="{"})");
  for (const char* query : {"{{args.pod}}", "{{}}", "x {{candidate", "{{Candidate}}"}) {
    const auto refused = fill_in(query, arguments);
    ASSERT_FALSE(refused.ok()) << query;
    EXPECT_THAT(refused.error().message, HasSubstr("allowed {{candidate}}")) << query;
  }
}

TEST(Plan, SaysHowLongAGateTakes) {
  api::PrometheusMetric metric;
  EXPECT_EQ(planned(metric), Duration(0));
  metric.initial_delay = std::chrono::minutes(2);
  metric.interval = std::chrono::minutes(1);
  metric.count = 5;
  EXPECT_EQ(planned(metric), std::chrono::minutes(6));
  api::PrometheusEvaluation gate;
  gate.metrics = {metric, {}};
  EXPECT_EQ(planned(gate), std::chrono::minutes(6));
  EXPECT_EQ(deadline(gate), std::chrono::minutes(6) + 5 * std::chrono::seconds(90))
      << "four errors in a row, and one";
}

}  // namespace
}  // namespace llmops::prometheus
