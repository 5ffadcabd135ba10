#include <gtest/gtest.h>

#include "crds/base/json.hpp"
#include "gateway/guard/rules/detector_api.hpp"

namespace llmops::guard {
namespace {

api::DetectorSettings settings(api::DetectorApi api, std::optional<double> threshold = std::nullopt) {
  api::DetectorSettings result;
  result.api = api;
  result.threshold = threshold;
  return result;
}

const auto kModeration = settings(api::DetectorApi::OpenaiModeration);
const auto kContents = settings(api::DetectorApi::TextContents);

TEST(DetectorApi, AsksBothApisAsTheyWantIt) {
  const DetectorRequest moderation = detector_request(kModeration, "안녕 \"x\"");
  EXPECT_EQ(moderation.path, "/v1/moderations");
  EXPECT_EQ(*parse_json(moderation.body), *parse_json(R"({"input":"안녕 \"x\""})"));
  const DetectorRequest contents = detector_request(kContents, "a\xff");
  EXPECT_EQ(contents.path, "/api/v1/text/contents");
  EXPECT_EQ(*parse_json(contents.body), *parse_json("{\"contents\":[\"a\uFFFD\"],\"detector_params\":{}}"));
}

TEST(DetectorApi, ReadsModerationScoresByTheThreshold) {
  const char* answer =
      R"({"id":"m","model":"x","results":[{"flagged":false,"categories":{"hate":false},
          "category_scores":{"hate":0.2,"violence":0.71,"self-harm/intent":0.9}}]})";
  const auto found = detector_verdict(kModeration, answer);
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_TRUE(found->found) << "scores decide, not what the service thinks";
  ASSERT_EQ(found->categories.size(), 2u);
  EXPECT_EQ(found->categories[0].name, "self-harm/intent");
  EXPECT_EQ(found->categories[1].name, "violence");
  EXPECT_FALSE(detector_verdict(settings(api::DetectorApi::OpenaiModeration, 0.95), answer)->found);
  EXPECT_TRUE(detector_verdict(settings(api::DetectorApi::OpenaiModeration, 0.9), answer)->found);
}

TEST(DetectorApi, ReadsModerationWithoutScoresByItsFlag) {
  EXPECT_TRUE(detector_verdict(kModeration, R"({"results":[{"flagged":true}]})")->found);
  EXPECT_FALSE(
      detector_verdict(kModeration, R"({"results":[{"flagged":false,"category_scores":{}}]})")->found);
  const auto named =
      detector_verdict(kModeration, R"({"results":[{"flagged":true,"categories":{"hate":true}}]})");
  ASSERT_EQ(named->categories.size(), 1u);
  EXPECT_EQ(named->categories[0].name, "hate");
}

TEST(DetectorApi, ReadsDetectionsOfTextContents) {
  const char* answer =
      R"([[{"start":0,"end":3,"text":"bad","detection":"toxic","detection_type":"hap","score":0.8},
           {"start":4,"end":6,"text":"x","detection":"mild","detection_type":"hap","score":0.1}]])";
  const auto found = detector_verdict(kContents, answer);
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->found);
  ASSERT_EQ(found->categories.size(), 1u);
  EXPECT_EQ(found->categories[0].name, "hap/toxic");
  EXPECT_FALSE(detector_verdict(kContents, "[[]]")->found);
  EXPECT_FALSE(detector_verdict(kContents, "[]")->found);
  EXPECT_TRUE(detector_verdict(kContents, R"([{"score":0.6}])")->found);
}

TEST(DetectorApi, RefusesAnswersThatItCannotRead) {
  for (const char* answer : {"", "<html>", "{}", R"({"results":[]})", R"({"results":[{}]})", "null",
                             R"({"results":[{"category_scores":{"hate":"high"}}]})"})
    EXPECT_FALSE(detector_verdict(kModeration, answer).ok()) << answer;
  for (const char* answer : {"{}", "[[],[]]", R"([[{"score":"x"}]])", "[[1]]", "7"})
    EXPECT_FALSE(detector_verdict(kContents, answer).ok()) << answer;
}

TEST(DetectorApi, KeepsForeignNamesOutOfLogs) {
  std::string answer = R"({"results":[{"category_scores":{)";
  for (int i = 0; i < 40; ++i) answer += "\"a\\nb" + std::to_string(i) + std::string(100, 'x') + "\":0.9,";
  answer += R"("":0.9}}]})";
  const auto found = detector_verdict(kModeration, answer);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->categories.size(), 16u);
  for (const DetectorCategory& category : found->categories) {
    EXPECT_LE(category.name.size(), 64u);
    EXPECT_EQ(category.name.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace llmops::guard
