// The small pure parts behind the verbs that speak to a cluster.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/chat_answer.hpp"
#include "cli/chat_way.hpp"
#include "cli/metric_text.hpp"
#include "cli/part_difference.hpp"
#include "cli/step_text.hpp"
#include "cli/table.hpp"

namespace llmops::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(PartDifference, NamesEveryFieldThatDiffers) {
  EXPECT_THAT(part_differences({{"uri", "a"}, {"same", 1}, {"gone", true}},
                               {{"uri", "b"}, {"same", 1}, {"new", {{"x", 1}}}}),
              ElementsAre(PartDifference{"gone", "true", ""}, PartDifference{"new", "", R"({"x":1})"},
                          PartDifference{"uri", "a", "b"}));
}

TEST(PartDifference, ShowsArgumentsWithTheNameBeforeAChangedValue) {
  EXPECT_THAT(part_differences({{"args", {"--a", "--ctx-size", "4096", "--z"}}},
                               {{"args", {"--a", "--ctx-size", "8192", "--z"}}}),
              ElementsAre(PartDifference{"args", "--ctx-size 4096", "--ctx-size 8192"}));
  EXPECT_THAT(part_differences({{"args", {"--a"}}}, {{"args", {"--a", "--no-warmup"}}}),
              ElementsAre(PartDifference{"args", "", "--no-warmup"}));
}

TEST(PartDifference, MatchesNamedThingsByTheirName) {
  const Json before = {{"env", {{{"name", "A"}, {"value", "1"}}, {{"name", "B"}, {"value", "2"}}}}};
  const Json after = {{"env", {{{"name", "B"}, {"value", "3"}}}}};
  EXPECT_THAT(part_differences(before, after),
              ElementsAre(PartDifference{"env[A]", R"({"name":"A","value":"1"})", ""},
                          PartDifference{"env[B].value", "2", "3"}));
}

TEST(PartDifference, ShowsLongTextsWhereTheyPart) {
  const std::string lead(500, 'x');
  const auto found = part_differences({{"content", lead + "old"}}, {{"content", lead + "new"}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].before, "…" + std::string(60, 'x') + "old");
  EXPECT_EQ(found[0].after, "…" + std::string(60, 'x') + "new");
}

TEST(MetricText, SpeaksOfMillisecondsAndARiseForLatency) {
  api::MetricResult result;
  result.name = result.scorer = "latency";
  result.candidate = "812.0";
  result.stable = "402.5";
  result.difference = "409.5";
  result.margin = "200.0";
  result.bound = "450.1";
  result.verdict = api::Verdict::Failed;
  result.n = 60;
  const auto sentences = metric_sentences(result, nullptr, "revision 2");
  EXPECT_THAT(sentences, Contains(HasSubstr("The candidate took 812 ms, revision 2")));
  EXPECT_THAT(sentences, Contains("Allowed is a rise of less than 200 ms."));
  EXPECT_THAT(sentences, Contains(HasSubstr("is at worst +450 ms (95 % confidence)")));
}

TEST(MetricText, SpeaksOfARiseForScoresWhereLessIsBetter) {
  api::MetricResult result;
  result.name = result.scorer = "over-block";
  result.candidate = "0.4000";
  result.stable = "0.0000";
  result.difference = "0.4000";
  result.margin = "0.1000";
  result.verdict = api::Verdict::Failed;
  result.n = 60;
  const auto sentences = metric_sentences(result, nullptr, "revision 2");
  EXPECT_THAT(sentences, Contains(HasSubstr("The candidate scored 0.4000, revision 2 0.0000")));
  EXPECT_THAT(sentences, Contains("Allowed is a rise of less than 0.1000."));
}

TEST(MetricText, NamesTheWeakestSliceOnlyWhereItSaysMore) {
  api::MetricResult result;
  result.scorer = "contains";
  result.candidate = result.stable = "1.0000";
  result.worst_slice.emplace();
  result.worst_slice->tag = "ko";
  result.worst_slice->stable = "0.9000";
  for (const auto& [candidate, named] :
       {std::pair("0.9500", false), std::pair("0.9000", false), std::pair("0.8000", true)}) {
    result.worst_slice->candidate = candidate;
    const auto sentences = metric_sentences(result, nullptr, "stable");
    EXPECT_EQ(sentences.back().starts_with("Weakest among items tagged ko"), named) << candidate;
  }
}

TEST(MetricText, GivesTheConfidenceThatTheGateAskedFor) {
  api::MetricResult result;
  result.candidate = result.stable = "1.0000";
  result.bound = "-0.0500";
  api::Metric demand;
  demand.non_inferiority.emplace();
  demand.non_inferiority->margin = 0.1;
  demand.non_inferiority->alpha = 0.025;
  EXPECT_THAT(metric_sentences(result, &demand, "stable"), Contains(HasSubstr("(97.5 % confidence)")));
}

TEST(MetricText, DoesNotJudgeAnObjectiveThatRoundingDecides) {
  api::MetricResult result;
  result.candidate = "0.8500";
  api::Metric demand;
  demand.objective.emplace();
  demand.objective->min = 0.85;
  EXPECT_THAT(metric_sentences(result, &demand, "stable"), Contains("It had to reach 0.8500 by itself."));
}

TEST(MetricText, SaysWhatIsKnownWhenNothingWasMeasured) {
  api::MetricResult result;
  result.message = "no item was scored for both arms";
  EXPECT_THAT(metric_sentences(result, nullptr, "stable"), ElementsAre("no item was scored for both arms"));
}

TEST(StepText, KnowsTheLargestWeightBeforeAStep) {
  std::vector<api::CanaryStep> steps(4);
  steps[1].set_weight = 20;
  steps[2].set_weight = 5;
  EXPECT_EQ(weight_before(steps, 1), 0);
  EXPECT_EQ(weight_before(steps, 2), 20);
  EXPECT_EQ(weight_before(steps, 4), 20);
}

TEST(Table, AlignsColumnsByWhatATerminalShows) {
  Table table({"TAG", "N"});
  table.add({"환불", "30"});
  table.add({"−1", ""});
  EXPECT_EQ(table.text(), "TAG   N\n환불  30\n−1\n");
}

TEST(Wrapped, BreaksAtSpacesAndKeepsLongWords) {
  EXPECT_EQ(wrapped("aa bb cccccccc d", "  ", 5), "  aa bb\n  cccccccc\n  d\n");
  EXPECT_EQ(wrapped("aa bb cc", "  ", 5, "- "), "- aa bb\n  cc\n");
  EXPECT_EQ(wrapped("", "  "), "");
}

TEST(AnswerStream, PutsTogetherTextHoweverTheNetworkCutIt) {
  const std::string wire =
      "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\r\n\r\n: comment\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"환\"}}]}\n\ndata: "
      "{\"choices\":[{\"delta\":{\"content\":\"불\"}}]}\n\ndata: [DONE]\n\n";
  for (std::size_t cut = 1; cut < wire.size(); ++cut) {
    AnswerStream stream;
    const auto first = stream.feed(std::string_view(wire).substr(0, cut));
    const auto second = stream.feed(std::string_view(wire).substr(cut));
    ASSERT_TRUE(first && second) << cut;
    EXPECT_EQ(*first + *second, "환불") << cut;
    EXPECT_TRUE(stream.done());
  }
}

TEST(AnswerStream, EndsWithTheErrorInsideTheStream) {
  AnswerStream stream;
  const auto fed = stream.feed("data: {\"error\":{\"message\":\"the engine has gone\"}}\n\n");
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().message, "the engine has gone");
  EXPECT_FALSE(stream.done());
}

TEST(ChatWay, TakesUrlsWithAndWithoutTheVersion) {
  const auto way = way_of_url("http://127.0.0.1:8080/team/v1");
  ASSERT_TRUE(way);
  EXPECT_EQ(way->peer.port, 8080);
  EXPECT_EQ(way->prefix, "/team");
  EXPECT_EQ(way->peer.tls, nullptr);
  EXPECT_NE(way_of_url("https://bot.example.com")->peer.tls, nullptr);
  EXPECT_FALSE(way_of_url("bot.example.com"));
}

TEST(ChatWay, TriesTheServicesAddressBeforeTheApiServersProxy) {
  kube::ClientConfig config;
  config.host = "api.example.com";
  config.port = 6443;
  config.path_prefix = "/k8s";
  const Json service = {{"metadata", {{"name", "bot"}, {"namespace", "shop"}}},
                        {"spec", {{"clusterIP", "10.96.0.7"}, {"ports", {{{"port", 80}}}}}}};
  const auto ways = ways_to_service(service, config, {"secret", nullptr});
  ASSERT_EQ(ways.size(), 2u);
  EXPECT_EQ(ways[0].peer.host, "10.96.0.7");
  EXPECT_EQ(ways[0].bearer_token, "");  // a gateway must never see who we are to the API server
  EXPECT_EQ(ways[1].peer.host, "api.example.com");
  EXPECT_EQ(ways[1].prefix, "/k8s/api/v1/namespaces/shop/services/bot:80/proxy");
  EXPECT_EQ(ways[1].bearer_token, "secret");
}

TEST(ChatWay, FindsTheServiceInTheStatusUrl) {
  EXPECT_EQ(service_of_url("http://support-bot.shop.svc/v1"), "support-bot");
  EXPECT_EQ(service_of_url(""), "");
}

TEST(ChooseModel, TakesTheNamedOneOrTheOnlyOne) {
  EXPECT_EQ(*choose_model(R"({"data":[{"id":"a"},{"id":"b"}]})", "b"), "b");
  EXPECT_EQ(*choose_model(R"({"data":[{"id":"a"}]})", "b"), "a");
  EXPECT_THAT(choose_model(R"({"data":[]})", "b").error().message, HasSubstr("not open to users yet"));
  EXPECT_THAT(choose_model(R"({"data":[{"id":"a"},{"id":"c"}]})", "b").error().message,
              HasSubstr("allowed a, c"));
  EXPECT_THAT(choose_model("<html>", "b").error().message, HasSubstr("this is not a gateway"));
}

}  // namespace
}  // namespace llmops::cli
