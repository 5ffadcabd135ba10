#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine_support.hpp"
#include "gateway/guard/engine/detector_gate.hpp"

namespace llmops::guard {
namespace {

using ::testing::StartsWith;
using testing_support::compile;

std::string detector(const std::string& action, const std::string& extra = {}) {
  return R"([{"name": "d", "type": "detector", "action": ")" + action + "\"" + extra +
         R"(, "detector": {"endpointRef": {"name": "moderation"}, "api": "openai-moderation"}},
             {"name": "pii", "type": "pii", "action": "Mask"}])";
}

TEST(Detectors, AreNamedWithTheirSettings) {
  const auto guard = compile(detector("Block"));
  const auto checks = guard->external_checks(Stage::Output);
  ASSERT_EQ(checks.size(), 1u);
  EXPECT_EQ(checks[0].rule, "d");
  EXPECT_EQ(checks[0].settings->endpoint_ref.name, "moderation");
  EXPECT_TRUE(guard->external_checks(Stage::Log).empty());
}

TEST(Detectors, SeeWholeSentencesBeforeTheClientDoes) {
  GuardSession session(compile(detector("Block")), {});
  const auto stream = session.stream(Stage::Output);
  std::string out;
  stream->feed("My number is 960101-1234561. It is", out);
  EXPECT_EQ(out, "");
  const std::string window(stream->window_for_detectors());
  EXPECT_EQ(window, "My number is [RRN]. ") << "as it would leave";
  stream->feed(" late. ", out);
  EXPECT_EQ(out, "") << "no answer yet";
  stream->detected("g", "d", false);
  stream->feed("", out);
  EXPECT_EQ(out, "My number is [RRN]. ");
  EXPECT_EQ(stream->window_for_detectors(), "It is late. ");
  stream->detected("g", "d", false);
  stream->feed("Bye", out);
  stream->finish(out);
  EXPECT_EQ(out, "My number is [RRN]. It is late. ");
  EXPECT_EQ(stream->window_for_detectors(), "Bye");
  stream->detected("g", "d", false);
  stream->finish(out);
  EXPECT_EQ(out, "My number is [RRN]. It is late. Bye");
  EXPECT_EQ(stream->held_bytes(), 0u);
  EXPECT_EQ(session.scanned()[0].bytes, out.size());
}

TEST(Detectors, EndAStreamByWhatTheyFind) {
  GuardSession session(compile(detector("Block")), {});
  const auto stream = session.stream(Stage::Output);
  std::string out;
  stream->feed("All is well. All is bad. ", out);
  while (!stream->window_for_detectors().empty()) stream->detected("g", "d", true);
  stream->finish(out);
  EXPECT_EQ(out, "");
  EXPECT_EQ(stream->decision(), Decision::Block);
  EXPECT_EQ(stream->rule(), "d");
}

TEST(Detectors, ThatDoNotAnswerCountAsTheirFailModeSays) {
  for (const bool closed : {true, false}) {
    GuardSession session(compile(detector("Block", closed ? "" : R"(, "failMode": "Open")")), {});
    const auto stream = session.stream(Stage::Output);
    std::string out;
    stream->feed("One sentence. ", out);
    ASSERT_FALSE(stream->window_for_detectors().empty());
    stream->detected("g", "d", std::nullopt);
    stream->finish(out);
    EXPECT_EQ(out, closed ? "" : "One sentence. ");
    EXPECT_TRUE(session.scanned()[0].failed);
    EXPECT_EQ(session.scanned()[0].bytes, 0u) << "it scanned nothing";
  }
}

TEST(Detectors, ThatOnlyFlagHoldNothing) {
  GuardSession session(compile(detector("Flag")), {});
  const auto stream = session.stream(Stage::Output);
  std::string out;
  stream->feed("One sentence. ", out);
  EXPECT_EQ(out, "One sentence. ");
  EXPECT_EQ(stream->window_for_detectors(), "One sentence. ");
  stream->detected("g", "d", true);
  EXPECT_EQ(stream->decision(), Decision::Flag);
}

TEST(Detectors, AnswerForWholeTexts) {
  GuardSession session(compile(detector("Block")), {});
  CheckOptions options;
  EXPECT_EQ(session.check(Stage::Input, "text", options).decision, Decision::Block) << "a forgotten answer";
  options.detectors_later = true;
  EXPECT_EQ(session.check(Stage::Input, "text", options).decision, Decision::Allow);
  options = {};
  options.answers = {{"g", "d", false}};
  EXPECT_EQ(session.check(Stage::Input, "text", options).decision, Decision::Allow);
  options.answers = {{"g", "d", true}};
  EXPECT_EQ(session.check(Stage::Input, "text", options).rule, "d");
}

TEST(Sentences, EndWhereAReaderWouldPause) {
  EXPECT_EQ(end_of_sentences("One. Two", 100), 5u);
  EXPECT_EQ(end_of_sentences("3.14 is pi", 100), 0u);
  EXPECT_EQ(end_of_sentences("끝났습니다. 다음", 100), std::string("끝났습니다. ").size());
  EXPECT_EQ(end_of_sentences("line\nnext", 100), 5u);
  EXPECT_EQ(end_of_sentences("終わり。 次", 100), std::string("終わり。 ").size());
  EXPECT_EQ(end_of_sentences("many words without an end", 10), 5u);
  EXPECT_EQ(end_of_sentences("가나다라마바사", 10), 9u) << "between characters";
}

}  // namespace
}  // namespace llmops::guard
