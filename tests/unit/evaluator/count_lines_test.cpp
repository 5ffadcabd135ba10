#include "evaluator/live/count_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace llmops::live {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

LiveGate gate() {
  LiveMetric error, slow;
  error.name = "error";
  error.margin = Margin{};
  slow.name = "slow";
  slow.margin = Margin{};
  return {.observe_for = 1min, .min_conversations = 100, .give_up_after = 5min, .metrics = {error, slow}};
}

std::string line(int second, int candidate_events) {
  return R"({"time": ")" + format_timestamp(Timestamp(1'795'000'000'000ms) + second * 1s) +
         R"(", "stable": {"conversations": 90, "events": {"error": 2}}, "candidate": {"conversations": 10, )" +
         R"("events": {"error": )" + std::to_string(candidate_events) + R"(}, "trials": {"slow": 7}}})";
}

std::string problem(const std::string& text) {
  const Result<LiveSlot> slot = slot_of(gate(), text);
  return slot.ok() ? "" : slot.error().message;
}

TEST(CountLines, ReadConversationsAsTrialsUnlessTrialsAreGiven) {
  const LiveSlot slot = *slot_of(gate(), line(0, 3));
  EXPECT_EQ(slot.candidate_conversations, 10);
  EXPECT_EQ(slot.stable_conversations, 90);
  EXPECT_EQ(slot.metrics[0].candidate, (statistics::ArmCount{10, 3}));
  EXPECT_EQ(slot.metrics[1].candidate, (statistics::ArmCount{7, 0}));
  EXPECT_EQ(slot.metrics[1].stable, (statistics::ArmCount{90, 0}));
  const LiveSlot one_arm =
      *slot_of(gate(), R"({"time": "2026-11-21T09:00:05Z", "stable": {"conversations": 4}})");
  EXPECT_EQ(one_arm.metrics[0].candidate, statistics::ArmCount{});
}

TEST(CountLines, GiveAVerdictForEachLineAndKeepIt) {
  CountLines lines(gate());
  Json last;
  int failed_at = -1;
  for (int i = 0; i < 12; ++i) {
    last = *lines.next(line(5 * i, i < 6 ? 4 : 0));
    if (failed_at < 0 && last["verdict"] == "Failed") failed_at = i;
    if (failed_at < 0) EXPECT_EQ(last["verdict"], "Running") << i;
  }
  EXPECT_GT(failed_at, 0);
  EXPECT_LT(failed_at, 6);
  EXPECT_EQ(last["verdict"], "Failed");
  EXPECT_EQ(last["metric"], "error");
  EXPECT_EQ(last["tests"][0]["claim"], "Harm");
  EXPECT_EQ(last["tests"][0]["against"], "Stable");
  EXPECT_EQ(last["tests"][0]["needed"], 40.0);
  EXPECT_GE(last["tests"][0]["eValue"], 40.0);
  EXPECT_LT(last["tests"][1]["eValue"], 40.0);
  EXPECT_EQ(lines.at_end(), Verdict::Failed);
}

TEST(CountLines, SucceedAfterTheWindowAndElseEndInconclusive) {
  CountLines lines(gate());
  for (int i = 0; i < 12; ++i) ASSERT_EQ((*lines.next(line(5 * i, 0)))["verdict"], "Running");
  EXPECT_EQ(lines.at_end(), Verdict::Inconclusive);
  EXPECT_EQ((*lines.next(line(60, 0)))["verdict"], "Successful");
  EXPECT_EQ((*lines.next(line(65, 9)))["verdict"], "Successful");
  EXPECT_EQ(lines.at_end(), Verdict::Successful);
}

TEST(CountLines, GiveUpWhenTheGateDoes) {
  LiveGate asking = gate();
  asking.min_conversations = 1'000'000;
  CountLines lines(asking);
  ASSERT_TRUE(lines.next(line(0, 0)).ok());
  const Json line_at_end = *lines.next(line(300, 0));
  EXPECT_EQ(line_at_end["verdict"], "Inconclusive");
  EXPECT_THAT(line_at_end["message"].get<std::string>(), HasSubstr("undecided after"));
}

TEST(CountLines, RefuseWhatIsNoCount) {
  const std::string head = R"({"time": "2026-11-21T09:00:05Z", )";
  EXPECT_EQ(problem(head + R"("stable": {"conversations": 4}})"), "");
  EXPECT_THAT(problem("[]"), HasSubstr("an object"));
  EXPECT_THAT(problem("{"), HasSubstr("JSON"));
  EXPECT_THAT(problem(R"({"stable": {"conversations": 4}})"), HasSubstr("time"));
  EXPECT_THAT(problem(head + R"("canary": {}})"),
              HasSubstr("canary: found an object, allowed only the members"));
  EXPECT_THAT(problem(head + R"("stable": 4})"), HasSubstr("stable: found 4"));
  EXPECT_THAT(problem(head + R"("stable": {}})"), HasSubstr("stable.conversations: found nothing"));
  EXPECT_THAT(problem(head + R"("stable": {"conversations": -4}})"),
              HasSubstr("stable.conversations: found -4"));
  EXPECT_THAT(problem(head + R"("stable": {"conversations": 4.5}})"), HasSubstr("found 4.5"));
  EXPECT_THAT(problem(head + R"("stable": {"conversations": 1e30}})"), HasSubstr("a whole number"));
  EXPECT_THAT(problem(head + R"("stable": {"conversations": 4, "events": {"typo": 1}}})"),
              HasSubstr("stable.events.typo: found 1, allowed only metrics of the gate"));
  EXPECT_THAT(problem(head + R"("candidate": {"conversations": 4, "events": {"error": 5}}})"),
              HasSubstr("candidate.events.error: found 5, allowed at most the 4 trials"));
}

TEST(CountLines, RefuseALineThatComesAgainAndGoOn) {
  CountLines lines(gate());
  ASSERT_TRUE(lines.next(line(0, 0)).ok());
  EXPECT_FALSE(lines.next(line(0, 0)).ok());
  EXPECT_TRUE(lines.next(line(5, 0)).ok());
}

}  // namespace
}  // namespace llmops::live
