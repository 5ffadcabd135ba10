#include "evaluator/job/job.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <set>

#include "crds/base/digest.hpp"
#include "crds/wire/eval_result.hpp"
#include "crds/wire/eval_summary.hpp"
#include "evaluator/job/arm_client.hpp"
#include "evaluator/job/chat.hpp"
#include "fake_arms.hpp"
#include "virtual_env.hpp"

namespace llmops::evaluator {
namespace {

using api::Verdict;
using ::testing::HasSubstr;
using testing_support::FakeArms;
using testing_support::Script;
using testing_support::Seen;
using testing_support::streamed;
using testing_support::VirtualEnv;

constexpr int kItems = 60;

std::string golden_set() {
  std::string text;
  for (int i = 0; i < kItems; ++i) {
    const std::string n = std::to_string(i);
    text += R"({"id":"item )" + n + R"(","input":"question )" + n + R"(","reference":"answer )" + n +
            R"(","tags":[")" + (i % 2 ? "en" : "ko") + "\"]}\n";
  }
  return text;
}

Json spec_for(const std::string& dataset, bool with_stable = true) {
  Json arms = Json::array({{{"name", "candidate"},
                            {"url", "http://m-evaluation.shop.svc:8081/revisions/cccc/v1"},
                            {"revision", {{"revision", 2}, {"hash", std::string(64, 'c')}}}}});
  if (with_stable)
    arms.push_back({{"name", "stable"},
                    {"url", "http://m-evaluation.shop.svc:8081/revisions/5555/v1/"},
                    {"revision", {{"revision", 1}, {"hash", std::string(64, '5')}}}});
  return {{"version", "evalspec/v1"},
          {"evalRun", "m-run-2-1-0-1"},
          {"datasetPath", "/etc/llmops/dataset/dataset.jsonl"},
          {"datasetDigest", sha256_hex(dataset)},
          {"servedModelName", "support-bot"},
          {"arms", arms},
          {"offline",
           {{"dataset", {{"configMapRef", {{"name", "golden"}}}}},
            {"requestTimeout", "2s"},
            {"timeout", "10m"},
            {"concurrency", 4},
            {"maxTokens", 64},
            {"metrics",
             {{{"name", "answer-contains"},
               {"scorer", {{"type", "contains"}}},
               {"nonInferiority", {{"margin", 0.1}}}},
              {{"name", "latency"}, {"scorer", {{"type", "latency"}}}, {"objective", {{"max", 1000}}}}}}}}};
}

bool is_candidate(const Seen& seen) {
  return seen.target.find("/cccc/") != std::string::npos;
}
int number_of(const Seen& seen) {
  return std::stoi(seen.question.substr(seen.question.rfind(' ') + 1));
}
Script right_answer(const Seen& seen) {
  return streamed({"the ", "answer ", std::to_string(number_of(seen)) + "."});
}

struct Ran {
  JobOutcome outcome;
  wire::EvalSummary summary;
  wire::EvalResult result;
};

Task<void> run_into(Env& env, Transport& transport, JobInput input, JobOutcome& out) {
  out = co_await run_job(env, transport, std::move(input));
}

Ran run(VirtualEnv& env, FakeArms& arms, const Json& spec, const std::string& dataset,
        std::string token_path = {}, std::string spec_digest = {}) {
  JobInput input;
  input.spec_text = dump_json(spec);
  input.spec_digest = std::move(spec_digest);
  input.dataset_text = dataset;
  input.token_path = std::move(token_path);
  input.code_version = "test";
  Ran ran;
  EXPECT_TRUE(env.run(run_into(env, arms, std::move(input), ran.outcome)));
  EXPECT_LE(ran.outcome.summary.size(), 4096u);
  const auto summary = wire::EvalSummary::parse(*parse_json(ran.outcome.summary));
  EXPECT_TRUE(summary.ok()) << summary.error().message;
  const auto result = wire::EvalResult::parse(*parse_json(ran.outcome.result));
  EXPECT_TRUE(result.ok()) << result.error().message;
  if (summary.ok()) ran.summary = *summary;
  if (result.ok()) ran.result = *result;
  EXPECT_EQ(ran.summary.result_digest, sha256_hex(ran.outcome.result));
  return ran;
}

TEST(Job, PassesACandidateThatAnswersAsWell) {
  VirtualEnv env;
  FakeArms arms(env, right_answer);
  const std::string dataset = golden_set();
  const Ran ran = run(env, arms, spec_for(dataset), dataset);
  EXPECT_EQ(ran.summary.verdict, Verdict::Successful) << ran.summary.message;
  EXPECT_EQ(ran.summary.items, kItems);
  EXPECT_EQ(ran.summary.dataset_digest, sha256_hex(dataset));
  ASSERT_EQ(ran.summary.metrics.size(), 2u);
  EXPECT_EQ(ran.summary.metrics[0].scored, kItems);
  EXPECT_EQ(ran.result.metrics.size(), 4u);
  EXPECT_EQ(ran.outcome.requests, 2 * kItems);
  EXPECT_EQ(ran.outcome.items.size(), 2u * kItems);
  // 5 ms to the head, four chunks of 10 ms.
  const Json item = *parse_json(ran.outcome.items.front());
  EXPECT_EQ(item["latencyMs"], 45);
  EXPECT_EQ(item["firstTokenMs"], 15);
  EXPECT_EQ(item["output"], "the answer 0.");
}

TEST(Job, FailsACandidateThatLosesAnswersWhateverItsLatency) {
  VirtualEnv env;
  FakeArms arms(env, [](const Seen& seen) {
    return is_candidate(seen) && number_of(seen) % 3 == 0 ? streamed({"no idea"}) : right_answer(seen);
  });
  const std::string dataset = golden_set();
  const Ran ran = run(env, arms, spec_for(dataset), dataset);
  EXPECT_EQ(ran.summary.verdict, Verdict::Failed);
  EXPECT_THAT(ran.summary.message,
              HasSubstr("answer-contains: 0.6667 against 1.0000 of stable, difference −0.3333"));
  EXPECT_EQ(ran.summary.metrics[1].verdict, Verdict::Successful);
}

TEST(Job, SendsEachItemToBothArmsNextToEachOtherInAlternatingOrder) {
  VirtualEnv env;
  FakeArms arms(env, right_answer);
  const std::string dataset = golden_set();
  Json spec = spec_for(dataset);
  spec["offline"]["concurrency"] = 1;
  run(env, arms, spec, dataset);
  ASSERT_EQ(arms.log.size(), 2u * kItems);
  for (int i = 0; i < kItems; ++i) {
    const Seen& first = arms.log[static_cast<std::size_t>(2 * i)];
    const Seen& second = arms.log[static_cast<std::size_t>(2 * i + 1)];
    EXPECT_EQ(number_of(first), i);
    EXPECT_EQ(number_of(second), i);
    EXPECT_EQ(is_candidate(first), i % 2 == 0);
    EXPECT_EQ(is_candidate(second), i % 2 == 1);
    EXPECT_EQ(first.body, second.body);
  }
  EXPECT_EQ(arms.most_in_flight, 1);
}

TEST(Job, AsksDeterministicallyAsAConversationOfItsOwn) {
  VirtualEnv env;
  FakeArms arms(env, right_answer);
  const std::string dataset = golden_set();
  run(env, arms, spec_for(dataset), dataset);
  const Seen& seen = arms.log.front();
  EXPECT_EQ(seen.target, "/revisions/cccc/v1/chat/completions");
  EXPECT_EQ(seen.conversation, "m-run-2-1-0-1-item%200");
  EXPECT_EQ(seen.body["model"], "support-bot");
  EXPECT_EQ(seen.body["stream"], true);
  EXPECT_EQ(seen.body["temperature"], 0);
  EXPECT_EQ(seen.body["max_tokens"], 64);
  EXPECT_TRUE(seen.body.contains("seed"));
  EXPECT_LE(arms.most_in_flight, 4);
  EXPECT_GT(arms.most_in_flight, 1);
}

TEST(Job, SendsWholeConversationsAndVariablesAsTheyAre) {
  VirtualEnv env;
  FakeArms arms(env, [](const Seen&) { return streamed({"ok"}); });
  const std::string dataset =
      R"({"id":"a","messages":[{"role":"user","content":"1"},{"role":"assistant","content":"2"},{"role":"user","content":"3"}],"reference":"ok","vars":{"plan":"gold"}})";
  run(env, arms, spec_for(dataset), dataset);
  ASSERT_EQ(arms.log.front().body["messages"].size(), 3u);
  EXPECT_EQ(arms.log.front().body["messages"][1]["content"], "2");
  EXPECT_EQ(arms.log.front().body["prompt"]["variables"]["plan"], "gold");
}

TEST(Job, TriesAgainOnlyWhatMayPassAndCountsIt) {
  VirtualEnv env;
  std::multiset<std::string> seen_before;
  FakeArms arms(env, [&](const Seen& seen) {
    const auto times = seen_before.count(seen.target + seen.question);
    seen_before.insert(seen.target + seen.question);
    Script script = right_answer(seen);
    if (is_candidate(seen) && number_of(seen) == 0 && times < 2) script.refuse = true;
    if (is_candidate(seen) && number_of(seen) == 1 && times < 1)
      script.status = 503, script.headers.set("retry-after", "1");
    if (is_candidate(seen) && number_of(seen) == 2 && times < 1)
      script.chunks.pop_back();  // cut before [DONE]
    if (is_candidate(seen) && number_of(seen) == 3) script.status = 500;
    if (is_candidate(seen) && number_of(seen) == 4 && times < 1)
      script.chunks = {"data: {\"error\":{\"message\":\"the engine went away\"}}\n\n"};
    return script;
  });
  const std::string dataset = golden_set();
  const Ran ran = run(env, arms, spec_for(dataset), dataset);
  EXPECT_EQ(ran.outcome.retries, 5);
  EXPECT_EQ(ran.outcome.requests, 2 * kItems + 5);
  EXPECT_EQ(ran.summary.verdict, Verdict::Successful) << "1 of 60 unscored is within 2 %";
  EXPECT_EQ(ran.summary.metrics[0].unscored, 1);
  EXPECT_EQ(ran.result.metrics[0].unscored.at("status 500"), 1);
  EXPECT_THAT(ran.summary.message, HasSubstr("5 of 125 requests were retries"));
}

TEST(Job, LeavesUnscoredWhatStaysUnansweredWithItsReason) {
  VirtualEnv env;
  FakeArms arms(env, [](const Seen& seen) {
    Script script = right_answer(seen);
    if (!is_candidate(seen)) return script;
    if (number_of(seen) == 0) script.before_head = Duration(60'000);
    if (number_of(seen) == 1) script.refuse = true;
    if (number_of(seen) == 2) script.chunks.pop_back();
    if (number_of(seen) == 3) script.chunks = {"data: {\"error\":{\"message\":\"out of memory\"}}\n\n"};
    if (number_of(seen) == 4) script.content_type = "application/json", script.chunks = {"<html>"};
    if (number_of(seen) == 5) script.between_chunks = Duration(1'500);
    return script;
  });
  const std::string dataset = golden_set();
  const Ran ran = run(env, arms, spec_for(dataset), dataset);
  EXPECT_EQ(ran.summary.verdict, Verdict::Inconclusive);
  const auto& reasons = ran.result.metrics[0].unscored;
  EXPECT_EQ(reasons.at("timeout"), 2);
  EXPECT_EQ(reasons.at("connection failed"), 1);
  EXPECT_EQ(reasons.at("stream cut"), 2);
  EXPECT_EQ(reasons.at("not an answer"), 1);
}

TEST(Job, TakesABlockOfAGuardrailForAnAnswerAndAnyOther400ForNone) {
  VirtualEnv env;
  FakeArms arms(env, [](const Seen& seen) {
    Script script = right_answer(seen);
    if (!is_candidate(seen)) return script;
    if (number_of(seen) == 0) {
      script.status = 400;
      script.content_type = "application/json";
      script.chunks = {R"({"error":{"message":"blocked by guardrail pii-ko","type":"invalid_request_error",)",
                       R"("param":null,"code":"content_filter"}})"};
    }
    if (number_of(seen) == 1)
      script.chunks = {R"(data: {"choices":[{"delta":{"content":"the an"}}]})"
                       "\n\n",
                       R"(data: {"choices":[{"delta":{},"finish_reason":"content_filter"}]})"
                       "\n\ndata: [DONE]\n\n"};
    if (number_of(seen) == 2)
      script.chunks = {R"(data: {"error":{"message":"blocked","code":"content_filter"}})"
                       "\n\n"};
    if (number_of(seen) == 3) {
      script.content_type = "application/json";
      script.chunks = {R"({"choices":[{"message":{"content":null},"finish_reason":"content_filter"}]})"};
    }
    if (number_of(seen) == 4) {
      script.status = 400;
      script.chunks = {R"({"error":{"message":"no","code":"invalid_value"}})"};
    }
    if (number_of(seen) == 5) {
      script.status = 400;
      script.chunks.assign(70, std::string(1024, ' '));
      script.chunks.push_back(R"({"error":{"code":"content_filter"}})");
    }
    return script;
  });
  const std::string dataset = golden_set();
  Json spec = spec_for(dataset);
  spec["offline"]["metrics"].push_back(
      {{"name", "over-block"}, {"scorer", {{"type", "over-block"}}}, {"objective", {{"max", 0.1}}}});
  spec["offline"]["maxUnscoredFraction"] = 0.1;
  const Ran ran = run(env, arms, spec, dataset);
  EXPECT_EQ(ran.result.metrics[0].unscored.at("status 400"), 2);
  EXPECT_EQ(ran.summary.metrics[0].lost, 4) << "a blocked answer is a lost item";
  EXPECT_EQ(ran.summary.metrics[2].candidate, "0.0690") << "4 of 58";
  std::size_t blocked = 0;
  for (const std::string& line : ran.outcome.items) {
    const Json item = *parse_json(line);
    blocked += item.value("blocked", false) ? 1 : 0;
    if (item["id"] == "item 1" && item["arm"] == "candidate") {
      EXPECT_EQ(item["output"], "the an");
    }
  }
  EXPECT_EQ(blocked, 4u);
}

TEST(Job, ReadsAnswersThatWereNotStreamed) {
  VirtualEnv env;
  FakeArms arms(env, [](const Seen& seen) {
    Script script;
    script.content_type = "application/json; charset=utf-8";
    script.chunks = {"{\"choices\":[{\"message\":{\"content\":\"answer ",
                     std::to_string(number_of(seen)) + "\"}}]}"};
    return script;
  });
  const std::string dataset = golden_set();
  EXPECT_EQ(run(env, arms, spec_for(dataset), dataset).summary.verdict, Verdict::Successful);
}

TEST(Job, EndsInErrorWithWhatWasDoneWhenTimeIsUp) {
  VirtualEnv env;
  FakeArms arms(env, right_answer);
  const std::string dataset = golden_set();
  Json spec = spec_for(dataset);
  spec["offline"]["timeout"] = "500ms";
  const Ran ran = run(env, arms, spec, dataset);
  EXPECT_EQ(ran.summary.verdict, Verdict::Error);
  EXPECT_THAT(
      ran.summary.message,
      HasSubstr("stopped after 500ms with 22 answers of candidate and 22 answers of stable to 60 items"));
  EXPECT_GT(ran.result.metrics[0].unscored.at("not asked"), 10);
  EXPECT_EQ(env.uptime(), Duration(1'500)) << "not a moment later";
}

TEST(Job, EndsInErrorWhenNoArmAnswers) {
  VirtualEnv env;
  FakeArms arms(env, [](const Seen&) {
    Script script;
    script.status = 401;
    return script;
  });
  const std::string dataset = golden_set();
  const Ran ran = run(env, arms, spec_for(dataset), dataset);
  EXPECT_EQ(ran.summary.verdict, Verdict::Error);
  EXPECT_THAT(ran.summary.message, HasSubstr("candidate: status 401 60; stable: status 401 60"));
}

TEST(Job, JudgesAFirstDeployByItsObjectivesAlone) {
  VirtualEnv env;
  FakeArms arms(env, right_answer);
  const std::string dataset = golden_set();
  const Ran ran = run(env, arms, spec_for(dataset, false), dataset);
  EXPECT_EQ(ran.summary.verdict, Verdict::Successful);
  EXPECT_THAT(ran.summary.message, HasSubstr("comparison skipped: there is no stable revision yet"));
  EXPECT_EQ(ran.outcome.requests, kItems);
}

TEST(Job, RefusesADatasetThatIsNotTheOneOfThePlan) {
  VirtualEnv env;
  FakeArms arms(env, right_answer);
  const std::string dataset = golden_set();
  const Ran ran = run(env, arms, spec_for(dataset), dataset + "\n");
  EXPECT_EQ(ran.summary.verdict, Verdict::Error);
  EXPECT_THAT(ran.summary.message, HasSubstr("dataset: found digest"));
  EXPECT_TRUE(arms.log.empty());
}

TEST(Job, RefusesASpecificationThatIsNotTheOneOfThePlan) {
  VirtualEnv env;
  FakeArms arms(env, right_answer);
  const std::string dataset = golden_set();
  const Json spec = spec_for(dataset);
  Json weaker = spec;
  weaker["offline"]["metrics"][0]["objective"] = {{"min", 0}};
  const std::string planned = sha256_hex(dump_json(spec));
  const Ran ran = run(env, arms, weaker, dataset, {}, planned);
  EXPECT_EQ(ran.summary.verdict, Verdict::Error);
  EXPECT_THAT(ran.summary.message, HasSubstr("evalspec: found digest"));
  EXPECT_TRUE(arms.log.empty());
  EXPECT_EQ(run(env, arms, spec, dataset, {}, planned).summary.verdict, Verdict::Successful);
}

TEST(Job, NamesWhatIsWrongWithSpecificationDatasetOrToken) {
  VirtualEnv env;
  FakeArms arms(env, right_answer);
  const std::string dataset = golden_set();
  Json spec = spec_for(dataset);
  spec["arms"][0]["url"] = "ftp://m";
  EXPECT_THAT(run(env, arms, spec, dataset).summary.message,
              HasSubstr("evalspec: arms[0]: url: found \"ftp://m\""));
  spec = spec_for(dataset);
  spec["arms"][0]["name"] = "stable";
  EXPECT_THAT(run(env, arms, spec, dataset).summary.message, HasSubstr("found a second stable"));
  spec.erase("arms");
  EXPECT_THAT(run(env, arms, spec, dataset).summary.message, HasSubstr("arms"));
  const std::string broken = "{\"id\":1}\n";
  EXPECT_THAT(run(env, arms, spec_for(broken), broken).summary.message,
              HasSubstr("line 1: input: found nothing"));
  EXPECT_THAT(run(env, arms, spec_for(dataset), dataset, "/nonexistent/token").summary.message,
              HasSubstr("token: found nothing"));
  EXPECT_TRUE(arms.log.empty());
}

TEST(Job, AsksOnlyTheFirstItemsWhenAskedForFewer) {
  VirtualEnv env;
  FakeArms arms(env, right_answer);
  const std::string dataset = golden_set();
  Json spec = spec_for(dataset);
  spec["offline"]["maxItems"] = 10;
  const Ran ran = run(env, arms, spec, dataset);
  EXPECT_EQ(ran.summary.items, 10);
  EXPECT_EQ(ran.summary.verdict, Verdict::Inconclusive) << "ten items cannot exclude 10 points";
}

TEST(Job, ReadsItsTokenAgainEveryMinute) {
  VirtualEnv env;
  const std::string path = ::testing::TempDir() + "evaluator-token";
  std::ofstream(path) << "first\n";
  FakeArms arms(env, [&](const Seen& seen) {
    if (number_of(seen) == 0) std::ofstream(path) << "second\n";
    Script script = right_answer(seen);
    script.before_head = Duration(1'500);
    return script;
  });
  const std::string dataset = golden_set();
  Json spec = spec_for(dataset);
  spec["offline"]["concurrency"] = 1;
  run(env, arms, spec, dataset, path);
  EXPECT_EQ(arms.log.front().authorization, "Bearer first");
  EXPECT_EQ(arms.log[20].authorization, "Bearer first");
  EXPECT_EQ(arms.log[80].authorization, "Bearer second");
  std::remove(path.c_str());
}

TEST(Job, IsTheSameForTheSameAnswers) {
  const std::string dataset = golden_set();
  std::string first;
  for (int round = 0; round < 2; ++round) {
    VirtualEnv env;
    FakeArms arms(env, right_answer);
    const Ran ran = run(env, arms, spec_for(dataset), dataset);
    if (round == 0)
      first = ran.outcome.result;
    else
      EXPECT_EQ(ran.outcome.result, first);
  }
}

TEST(ArmUrl, IsTakenApart) {
  const auto plain = parse_arm_url("http://m.ns.svc:8081/revisions/x/v1");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->peer.host, "m.ns.svc");
  EXPECT_EQ(plain->peer.port, 8081);
  EXPECT_EQ(plain->target, "/revisions/x/v1/chat/completions");
  const auto address = parse_arm_url("https://[fd00::1]/v1/");
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->peer.host, "fd00::1");
  EXPECT_EQ(address->peer.port, 443);
  EXPECT_TRUE(address->peer.tls != nullptr);
  for (const char* bad :
       {"", "m:80", "http://", "http://m:0/", "http://m:99999/", "http://[::1", "http://m:x/"})
    EXPECT_FALSE(parse_arm_url(bad).ok()) << bad;
}

TEST(EventStream, GivesTheSameEventsForEverySplitIntoChunks) {
  const std::string text =
      ": hello\r\ndata: one\r\n\r\nevent: x\ndata:two\ndata: more\n\n\n\ndata: {\"a\":1}\n\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EventStream stream;
    std::vector<std::string> events;
    for (const std::string_view part :
         {std::string_view(text).substr(0, cut), std::string_view(text).substr(cut)}) {
      stream.feed(part);
      while (auto event = stream.next()) events.push_back(*event);
    }
    EXPECT_EQ(events, (std::vector<std::string>{"one", "two\nmore", "{\"a\":1}"})) << cut;
  }
}

TEST(EventStream, StopsAtEventsBeyondTheBound) {
  EventStream stream;
  stream.feed(std::string(EventStream::kMaxEventBytes + 1, 'x'));
  EXPECT_FALSE(stream.next().has_value());
  EXPECT_TRUE(stream.overflowed());
}

}  // namespace
}  // namespace llmops::evaluator
