#include "e2e/fault_engine/engine.hpp"

#include <gmock/gmock.h>

#include "engine_world.hpp"
#include "gateway/guard/refusal/refusal.hpp"

namespace llmops::fault_engine {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kStream = R"(,"stream":true,"stream_options":{"include_usage":true})";
const std::string kThreeMessages =
    R"([{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}])";

std::string said(const Answer& answer) {
  const auto body = parse_json(answer.text);
  return body.ok() ? string_at(*body, "choices.0.message.content") : "no JSON: " + answer.text;
}

TEST(FaultEngine, is_not_ready_before_it_has_loaded_and_says_so_everywhere) {
  EngineWorld engine({.load_time = Duration(5'000)});
  engine.world.run_for(Duration(4'000));
  for (const char* path : {"/health", "/v1/models", "/props"})
    EXPECT_EQ(engine.get(path).status, 503) << path;
  EXPECT_EQ(engine.ask(EngineWorld::question("Hi")).status, 503);
  engine.world.run_for(Duration(2'000));
  EXPECT_EQ(engine.get("/health").status, 200);
  EXPECT_THAT(engine.get("/v1/models").text, HasSubstr("\"id\":\"bot-1a2b\""));
  EXPECT_EQ(engine.get("/props").text, R"({"total_slots":16})");
  EXPECT_EQ(engine.get("/v1/completions").status, 404);
}

TEST(FaultEngine, ends_in_the_middle_of_a_load_that_crashes) {
  EngineWorld engine({.load_time = Duration(5'000)}, true);
  engine.world.run_for(Duration(2'000));
  EXPECT_TRUE(engine.world.alive("engine"));
  engine.world.run_for(Duration(1'000));
  EXPECT_FALSE(engine.world.alive("engine"));
  EXPECT_THAT(engine.world.deaths(), ElementsAre(HasSubstr("crashed while loading")));
}

TEST(FaultEngine, answers_what_its_table_knows_and_with_its_one_text_else) {
  EngineWorld engine({.tokens = 3, .answer = "So it is."});
  EXPECT_EQ(said(engine.ask(EngineWorld::question("Right?"))), "This is right.");
  EXPECT_EQ(said(engine.ask(EngineWorld::question("Left?"))), "So it is.");
  EXPECT_EQ(
      said(engine.ask(EngineWorld::chat(R"([{"role":"user","content":[{"type":"text","text":"Right?"}]}])"))),
      "This is right.");
  EXPECT_EQ(
      said(engine.ask(EngineWorld::chat(
          R"([{"role":"user","content":"Left?"},{"role":"user","content":"Right?"},{"role":"system","content":"Left?"}])"))),
      "This is right.");
  EXPECT_EQ(engine.line("ok"), "4");
}

TEST(FaultEngine, counts_tokens_in_its_usage_and_stops_at_max_tokens) {
  EngineWorld engine({});
  const Answer whole = engine.ask(
      EngineWorld::chat(R"([{"role":"system","content":"Be so kind."},{"role":"user","content":"Right?"}])"));
  EXPECT_THAT(whole.text, HasSubstr(R"("usage":{"completion_tokens":3,"prompt_tokens":4,"total_tokens":7})"));
  EXPECT_THAT(whole.text, HasSubstr(R"("finish_reason":"stop")"));
  const Answer cut = engine.ask(EngineWorld::question("Right?", R"(,"max_tokens":2)"));
  EXPECT_EQ(said(cut), "This is");
  EXPECT_THAT(cut.text, HasSubstr(R"("finish_reason":"length")"));
}

TEST(FaultEngine, streams_piece_by_piece_with_usage_where_it_was_asked_for) {
  EngineWorld engine({.first_token = {Duration(100), 0}, .token_interval = Duration(1'000)});
  const Answer answer = engine.ask(EngineWorld::question("Right?", kStream));
  EXPECT_TRUE(answer.complete());
  EXPECT_GE(answer.took, Duration(2'100));
  EXPECT_LE(answer.took, Duration(2'200));
  for (const char* piece : {R"("content":"This")", R"("content":" is")", R"("content":" right.")"})
    EXPECT_THAT(answer.text, HasSubstr(piece));
  EXPECT_THAT(answer.text, HasSubstr(R"("choices":[],)"));
  EXPECT_THAT(answer.text, HasSubstr(R"("completion_tokens":3)"));
  EXPECT_TRUE(answer.text.ends_with("data: [DONE]\n\n"));
  EXPECT_THAT(engine.ask(EngineWorld::question("Right?", R"(,"stream":true)")).text, Not(HasSubstr("usage")));
}

TEST(FaultEngine, a_whole_answer_takes_as_long_as_its_tokens) {
  EngineWorld engine({.first_token = {Duration(100), 0}, .token_interval = Duration(1'000)});
  const Answer answer = engine.ask(EngineWorld::question("Right?"));
  EXPECT_GE(answer.took, Duration(2'100));
  EXPECT_LE(answer.took, Duration(2'200));
}

TEST(FaultEngine, each_request_draws_for_itself) {
  EngineWorld engine({.shares = {.error = 0.5}});
  int failed = 0;
  for (int i = 0; i < 200; ++i) failed += engine.ask(EngineWorld::question("Right?")).status == 500;
  EXPECT_NEAR(failed, 100, 28);
  EXPECT_EQ(engine.line("error"), std::to_string(failed));
  EXPECT_EQ(engine.line("ok"), std::to_string(200 - failed));
}

TEST(FaultEngine, errors_are_answered_500_and_counted) {
  EngineWorld engine({.shares = {.error = 1}});
  const Answer answer = engine.ask(EngineWorld::question("Right?", kStream));
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.text, HasSubstr("on purpose"));
  EXPECT_EQ(engine.line("error"), "1");
  EXPECT_EQ(engine.line("ok"), "0");
}

TEST(FaultEngine, a_stalled_request_gets_nothing_and_takes_no_slot_from_others) {
  EngineWorld engine({.slots = 1, .shares = {.stall = 1}, .faults_from_message = 2});
  const Answer answer = engine.ask(EngineWorld::chat(kThreeMessages), Duration(300'000));
  EXPECT_EQ(answer.status, 0);
  EXPECT_GE(answer.took, Duration(300'000));
  EXPECT_EQ(engine.line("stall"), "1");
  engine.begin(EngineWorld::chat(kThreeMessages), 3);
  engine.world.run_for(Duration(1'000));
  EXPECT_EQ(engine.ask(EngineWorld::question("Right?")).status, 200);
}

TEST(FaultEngine, a_cut_stream_ends_after_half_of_its_pieces) {
  EngineWorld engine({.shares = {.cut = 1}});
  const Answer answer = engine.ask(EngineWorld::question("Right?", kStream));
  EXPECT_EQ(answer.status, 200);
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->code, ErrorCode::Unavailable);
  EXPECT_THAT(answer.text, HasSubstr(R"("content":" is")"));
  EXPECT_THAT(answer.text, Not(HasSubstr("right")));
  EXPECT_EQ(engine.ask(EngineWorld::question("Right?")).error->code, ErrorCode::Unavailable);
  EXPECT_EQ(engine.line("cut"), "2");
}

TEST(FaultEngine, a_refusal_is_a_good_answer_that_the_scorer_sees) {
  EngineWorld engine({.shares = {.refusal = 1}});
  const Answer answer = engine.ask(EngineWorld::question("Right?"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(guard::RefusalRules().refuses(said(answer)));
  EXPECT_EQ(engine.line("refusal"), "1");
}

TEST(FaultEngine, spares_short_conversations_and_counts_them_apart) {
  EngineWorld engine({.shares = {.error = 1}, .faults_from_message = 3});
  EXPECT_EQ(engine.ask(EngineWorld::question("Right?")).status, 200);
  EXPECT_EQ(engine.ask(EngineWorld::chat(kThreeMessages)).status, 500);
  EXPECT_EQ(engine.line("spared"), "1");
  EXPECT_EQ(engine.line("error"), "1");
}

TEST(FaultEngine, begins_with_faults_after_so_many_requests_that_could_have_met_them) {
  EngineWorld engine({.shares = {.error = 1}, .faults_from_message = 3, .faults_from_request = 3});
  for (const int status : {200, 200, 500, 500}) {
    EXPECT_EQ(engine.ask(EngineWorld::question("Right?")).status, 200);
    EXPECT_EQ(engine.ask(EngineWorld::chat(kThreeMessages)).status, status);
  }
  EXPECT_EQ(engine.line("error"), "2");
  EXPECT_EQ(engine.line("spared"), "6");
}

TEST(FaultEngine, begins_with_faults_so_long_after_it_became_ready) {
  EngineWorld engine(
      {.load_time = Duration(50'000), .shares = {.error = 1}, .faults_after = Duration(60'000)});
  engine.world.run_for(Duration(51'000));
  EXPECT_EQ(engine.ask(EngineWorld::question("Right?")).status, 200);
  engine.world.run_for(Duration(55'000));
  EXPECT_EQ(engine.ask(EngineWorld::question("Right?")).status, 200);
  engine.world.run_for(Duration(5'000));
  EXPECT_EQ(engine.ask(EngineWorld::question("Right?")).status, 500);
}

TEST(FaultEngine, answers_as_many_at_a_time_as_it_has_slots) {
  EngineWorld engine({.slots = 2, .first_token = {Duration(10'000), 0}});
  const auto answers = engine.begin(EngineWorld::question("Right?"), 5);
  engine.world.run_for(Duration(11'000));
  EXPECT_EQ(answers->size(), 2u);
  engine.world.run_for(Duration(10'000));
  EXPECT_EQ(answers->size(), 4u);
  engine.world.run_for(Duration(10'000));
  EXPECT_EQ(answers->size(), 5u);
}

TEST(FaultEngine, who_leaves_by_himself_is_no_fault_and_gives_his_slot_back) {
  EngineWorld engine({.slots = 1, .first_token = {Duration(10'000), 0}});
  EXPECT_EQ(engine.ask(EngineWorld::question("Right?"), Duration(1'000)).status, 0);
  engine.world.run_for(Duration(1'000));
  EXPECT_EQ(engine.line("left"), "1");
  EXPECT_EQ(engine.ask(EngineWorld::question("Right?"), Duration(11'000)).status, 200);
}

TEST(FaultEngine, a_request_that_it_does_not_understand_is_told_why) {
  EngineWorld engine({.shares = {.error = 1}});
  EXPECT_EQ(engine.ask(HttpRequest("POST", "/v1/chat/completions", {}, "{")).status, 400);
  const Answer two = engine.ask(EngineWorld::question("Right?", R"(,"n":2)"));
  EXPECT_EQ(two.status, 400);
  EXPECT_THAT(two.text, HasSubstr("n: found 2, allowed 1"));
  EXPECT_EQ(engine.line("invalid"), "2");
}

TEST(FaultEngine, every_outcome_has_a_counter_from_the_start) {
  EngineWorld engine({});
  for (const std::string_view outcome : kOutcomes)
    EXPECT_EQ(engine.line(std::string(outcome)), "0") << outcome;
}

}  // namespace
}  // namespace llmops::fault_engine
