#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine_support.hpp"

namespace llmops::guard {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing_support::compile;
using testing_support::stream;
using testing_support::try_compile;
using testing_support::types_of;

constexpr const char* kMaskPii = R"([{"name": "pii", "type": "pii", "action": "Mask"}])";

TEST(Engine, MasksByTheKindOfTheFinding) {
  GuardSession session(compile(kMaskPii), {});
  const std::string text = "제 주민등록번호는 960101-1234561이고요";
  const Outcome outcome = session.check(Stage::Input, text);
  EXPECT_EQ(outcome.decision, Decision::Mask);
  EXPECT_EQ(outcome.text, "제 주민등록번호는 [RRN]이고요");
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].type, "rrn");
  EXPECT_EQ(text.substr(outcome.findings[0].begin, outcome.findings[0].end - outcome.findings[0].begin),
            "960101-1234561");
}

TEST(Engine, LeavesTextsWithoutFindingsAsTheyAre) {
  GuardSession session(compile(kMaskPii), {});
  const std::string text = "Broken \xFF\xE2 bytes, ﬁne ligatures, e\xCC\x81";
  const Outcome outcome = session.check(Stage::Input, text);
  EXPECT_EQ(outcome.decision, Decision::Allow);
  EXPECT_EQ(outcome.text, text);
}

TEST(Engine, JudgesTheFormOfATextAsItIsGiven) {
  const auto guard = compile(
      R"([{"name": "s", "type": "jsonSchema", "action": "Block", "jsonSchema": {"schema": {"type": "object"}}}])");
  const auto judged = [&](std::string_view text, TextForm form) {
    GuardSession session(guard, {});
    CheckOptions options;
    options.form = form;
    const Decision whole = session.check(Stage::Output, text, options).decision;
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}})
      EXPECT_EQ(stream(session, Stage::Output, text, piece, form).decision, whole) << text;
    return whole;
  };
  EXPECT_EQ(judged(R"({"days": 14})", TextForm::Plain), Decision::Allow);
  EXPECT_EQ(judged(R"({"days": １４})", TextForm::Plain), Decision::Block) << "no digits of JSON";
  EXPECT_EQ(judged(R"({"say": "a \"word\""})", TextForm::Json), Decision::Allow);
}

TEST(Engine, LooksOnlyAtTheStagesOfARule) {
  const auto guard = compile(
      R"([{"name": "w", "type": "words", "action": "Mask", "stages": ["log"], "words": {"words": ["heron"]}}])");
  EXPECT_TRUE(guard->has(Stage::Log));
  EXPECT_FALSE(guard->has(Stage::Input));
  GuardSession session(guard, {});
  EXPECT_EQ(session.check(Stage::Input, "a heron").text, "a heron");
  EXPECT_EQ(session.check(Stage::Log, "a heron").text, "a [WORDS]");
}

TEST(Engine, TakesTheStrictestActionOfOverlappingFindings) {
  const std::string rules = R"([
    {"name": "flag", "type": "words", "action": "Flag", "words": {"words": ["blue heron"]}},
    {"name": "mask", "type": "words", "action": "Mask", "words": {"words": ["heron"]}},
    {"name": "regex", "type": "regex", "action": "Pseudonymise", "regex": {"patterns": ["heron [0-9]+"]}}])";
  GuardSession session(compile(rules), {});
  const Outcome outcome = session.check(Stage::Input, "the blue heron 77 flies");
  EXPECT_EQ(outcome.decision, Decision::Mask);
  EXPECT_EQ(outcome.text, "the blue [WORDS] flies");
  EXPECT_THAT(types_of(outcome.findings), ElementsAre("words", "words", "regex"));
}

TEST(Engine, BlocksAWholeTextAndSaysWhichRule) {
  const auto guard = compile(R"([
    {"name": "mask", "type": "words", "action": "Mask", "words": {"words": ["one"]}},
    {"name": "block", "type": "words", "action": "Block", "words": {"words": ["two"]}}])");
  GuardSession session(guard, {});
  const Outcome outcome = session.check(Stage::Input, "one two one");
  EXPECT_EQ(outcome.decision, Decision::Block);
  EXPECT_EQ(outcome.text, "");
  EXPECT_EQ(outcome.guardrail, "g");
  EXPECT_EQ(outcome.rule, "block");
  EXPECT_EQ(outcome.findings.size(), 3u) << "a whole text is judged to its end";
}

TEST(Engine, EndsAStreamBeforeWhatIsBlocked) {
  const auto guard = compile(R"([
    {"name": "mask", "type": "words", "action": "Mask", "words": {"words": ["one"]}},
    {"name": "block", "type": "words", "action": "Block", "words": {"words": ["two"]}}])");
  for (const std::size_t piece : {1u, 3u, 100u}) {
    GuardSession session(guard, {});
    const auto streamed = stream(session, Stage::Output, "say one and two and three", piece);
    EXPECT_EQ(streamed.out, "say [WORDS] and ");
    EXPECT_EQ(streamed.decision, Decision::Block);
  }
}

TEST(Engine, AnswersWithTheMessageOfAFallback) {
  const auto guard = compile(
      R"([{"name": "f", "type": "words", "action": "Fallback", "fallbackMessage": "Please call us.", "words": {"words": ["heron"]}}])");
  GuardSession session(guard, {});
  const Outcome outcome = session.check(Stage::Output, "a heron");
  EXPECT_EQ(outcome.decision, Decision::Fallback);
  EXPECT_EQ(outcome.fallback_message, "Please call us.");
  EXPECT_EQ(outcome.rule, "f");
}

TEST(Engine, OnlyCountsInMonitorMode) {
  const auto guard =
      compile(R"([{"name": "b", "type": "words", "action": "Block", "words": {"words": ["heron"]}}])",
              R"(, "mode": "Monitor")");
  GuardSession session(guard, {});
  const Outcome outcome = session.check(Stage::Output, "a heron");
  EXPECT_EQ(outcome.decision, Decision::Allow);
  EXPECT_EQ(outcome.text, "a heron");
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_FALSE(outcome.findings[0].enforced);
  const auto held = session.stream(Stage::Output);
  std::string out;
  held->feed("a hero", out);
  EXPECT_EQ(out, "a hero") << "nothing waits for a rule that only counts";
  EXPECT_EQ(held->held_bytes(), 0u);
}

TEST(Engine, JudgesTextsAsAWhole) {
  const auto guard =
      compile(R"([{"name": "short", "type": "maxTokens", "action": "Block", "maxTokens": {"max": 5}}])");
  GuardSession session(guard, {});
  EXPECT_EQ(session.check(Stage::Input, "twenty bytes in here").decision, Decision::Allow);
  const Outcome outcome = session.check(Stage::Input, "more than twenty bytes in here");
  EXPECT_EQ(outcome.decision, Decision::Block);
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].begin, 0u);
  EXPECT_EQ(outcome.findings[0].end, 30u) << "it is about all of the text";
  for (const std::size_t piece : {1u, 7u, 100u})
    EXPECT_EQ(stream(session, Stage::Output, "more than twenty bytes in here", piece).out,
              "more than twenty byt");
}

TEST(Engine, SaysWhatWasReallyScanned) {
  const auto guard = compile(R"([
    {"name": "w", "type": "words", "action": "Mask", "words": {"words": ["heron"]}},
    {"name": "b", "type": "words", "action": "Block", "words": {"words": ["stop"]}}])");
  GuardSession session(guard, {});
  session.check(Stage::Input, "a heron");
  stream(session, Stage::Output, "heron stop " + std::string(1000, 'x'), 4);
  ASSERT_EQ(session.scanned().size(), 4u);
  EXPECT_EQ(session.scanned()[0].bytes, 7u);
  EXPECT_EQ(session.scanned()[0].findings, 1);
  EXPECT_EQ(session.scanned()[2].stage, Stage::Output);
  EXPECT_LE(session.scanned()[2].bytes, 16u)
      << "what followed the end was not scanned, and it does not say so";
}

TEST(Engine, FindsTheCanaryAndTheSystemPromptInAnAnswer) {
  const auto guard = compile(R"([
    {"name": "i", "type": "injection", "action": "Block", "stages": ["output"], "injection": {"canary": true}},
    {"name": "s", "type": "systemPromptLeak", "action": "Block", "stages": ["output"], "systemPromptLeak": {"minWords": 4}}])");
  GuardSession session(guard,
                       {"You are the friendly helper of the heron shop and never give discounts.", 42});
  ASSERT_FALSE(session.canary().empty());
  GuardSession other(guard, {"", 43});
  EXPECT_NE(session.canary(), other.canary());
  EXPECT_EQ(session.check(Stage::Output, "My mark is " + std::string(session.canary())).rule, "i");
  EXPECT_EQ(other.check(Stage::Output, "My mark is " + std::string(session.canary())).decision,
            Decision::Allow);
  EXPECT_EQ(session.check(Stage::Output, "I am the friendly helper of the heron shop.").rule, "s");
  EXPECT_EQ(session.check(Stage::Output, "Hello, how can I help?").decision, Decision::Allow);
}

TEST(Engine, MasksInsideOfJsonTextsAndKeepsThemJson) {
  const auto guard = compile(R"([
    {"name": "pii", "type": "pii", "action": "Mask", "stages": ["tool"]},
    {"name": "w", "type": "words", "action": "Mask", "stages": ["tool"], "words": {"words": ["two\nlines"]}}])");
  const std::string text =
      R"({"memo":"주민등록번호 9\u0036010\u200b1-1234561\n", "주민등록번호": 9601011234561, "b": "say two\nlines"})";
  GuardSession session(guard, {});
  CheckOptions options;
  options.form = TextForm::Json;
  const Outcome outcome = session.check(Stage::Tool, text, options);
  const auto json = parse_json(outcome.text);
  ASSERT_TRUE(json.ok()) << outcome.text;
  EXPECT_EQ(string_at(*json, "memo"), "주민등록번호 [RRN]\n");
  EXPECT_EQ(string_at(*json, "주민등록번호"), "[RRN]");
  EXPECT_EQ(string_at(*json, "b"), "say [WORDS]");
  for (const std::size_t piece : {1u, 2u, 5u})
    EXPECT_EQ(stream(session, Stage::Tool, text, piece, TextForm::Json).out, outcome.text);
}

TEST(Engine, NamesTheFieldOfARuleThatCannotBeRead) {
  const auto guard = try_compile(R"([{"name": "ok", "type": "pii", "action": "Mask"},
    {"name": "r", "type": "regex", "action": "Mask", "regex": {"patterns": ["("]}}])");
  ASSERT_FALSE(guard.ok());
  EXPECT_THAT(guard.error().message, HasSubstr("guardrail g: rules[1].regex.patterns[0]: expression"));
  EXPECT_THAT(try_compile(R"([{"name": "w", "type": "words", "action": "Mask"}])").error().message,
              HasSubstr("rules[0].words: found nothing"));
}

}  // namespace
}  // namespace llmops::guard
