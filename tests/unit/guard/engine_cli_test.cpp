// llmops guard
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "crds/base/json.hpp"
#include "tests/unit/cli/run_cli.hpp"

namespace llmops::cli {
namespace {

using ::testing::HasSubstr;
using testing_support::CliRun;
using testing_support::run_cli;

class GuardVerb : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              (std::string("guard-verb-") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    file_ = (folder_ / "guard.yaml").string();
    std::ofstream(file_) << R"(apiVersion: llmops.dev/v1alpha1
kind: Guardrail
metadata: {name: pii-ko}
spec:
  rules:
  - {name: pii, type: pii, action: Mask}
  - {name: words, type: words, action: Block, words: {words: [대외비]}}
  - {name: quiet, type: words, action: Flag, words: {words: [heron]}}
---
apiVersion: llmops.dev/v1alpha1
kind: Guardrail
metadata: {name: other}
spec:
  rules:
  - {name: call, type: words, action: Fallback, fallbackMessage: Please call us., words: {words: [heron]}}
)";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  CliRun guard(std::vector<std::string> arguments, const std::string& input,
               const std::string& name = "pii-ko") {
    arguments.insert(arguments.begin(),
                     {"guard", "-f", file_, "--name", name, "--stage", "input", "-o", "json"});
    return run_cli(arguments, input);
  }

  std::filesystem::path folder_;
  std::string file_;
};

TEST_F(GuardVerb, MasksATextAndTellsWhereInIt) {
  const std::string text = "주민등록번호 960101-1234561이고요";
  const CliRun run = guard({}, text);
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.last_line(), "mask");
  const auto json = parse_json(run.out);
  ASSERT_TRUE(json.ok()) << run.out;
  EXPECT_EQ(*json, Json::parse(R"({"decision": "mask", "text": "주민등록번호 [RRN]이고요",
      "findings": [{"rule": "pii", "type": "rrn", "start": 19, "end": 33}]})"));
}

TEST_F(GuardVerb, SaysTheSameOfAStreamForEveryPiece) {
  const std::string text = "주민등록번호 960101-1234561, heron, jiyoon@example.com 끝";
  const std::string whole = guard({}, text).out;
  for (const char* piece : {"1", "2", "3", "7", "1000"})
    EXPECT_EQ(guard({"--chunk", piece}, text).out, whole) << piece;
}

TEST_F(GuardVerb, EndsWithOneWhenATextIsBlocked) {
  const CliRun run = guard({}, "이 문서는 대외비입니다");
  EXPECT_EQ(run.code, 1);
  EXPECT_EQ(run.last_line(), "block");
  EXPECT_EQ(string_at(*parse_json(run.out), "text"), "");
  const CliRun stream = guard({"--chunk", "1"}, "이 문서는 대외비입니다");
  EXPECT_EQ(stream.code, 1);
  EXPECT_EQ(string_at(*parse_json(stream.out), "sent"), "이 문서는 ");
}

TEST_F(GuardVerb, AnswersWithTheFallback) {
  const CliRun run = guard({}, "a heron", "other");
  EXPECT_EQ(run.code, 1);
  EXPECT_EQ(string_at(*parse_json(run.out), "decision"), "fallback");
  EXPECT_EQ(string_at(*parse_json(run.out), "text"), "Please call us.");
}

TEST_F(GuardVerb, TakesLinesWithIds) {
  const CliRun run =
      guard({"--jsonl"}, "{\"id\": 1, \"text\": \"fine\"}\n\n{\"id\": \"b\", \"text\": \"a heron\"}\n");
  EXPECT_EQ(run.code, 0) << run.err;
  std::istringstream lines(run.out);
  std::string first, second;
  std::getline(lines, first);
  std::getline(lines, second);
  EXPECT_EQ(*parse_json(first),
            Json::parse(R"({"id": 1, "decision": "allow", "text": "fine", "findings": []})"));
  EXPECT_EQ(string_at(*parse_json(second), "decision"), "flag");
  EXPECT_EQ(string_at(*parse_json(second), "text"), "a heron");
}

TEST_F(GuardVerb, EndsWithTwoForWhatCannotBeRead) {
  EXPECT_EQ(guard({"--jsonl"}, "{\"id\": 1}\n").code, 2);
  EXPECT_EQ(guard({}, "text", "no-such").code, 2);
  EXPECT_EQ(run_cli({"guard", "-f", file_, "--name", "other"}, "text").code, 2) << "no stage";
  EXPECT_EQ(run_cli({"guard", "-f", file_, "--name", "other", "--stage", "no"}, "text").code, 2);
  EXPECT_THAT(guard({}, "text", "").err, HasSubstr("--name"));
}

}  // namespace
}  // namespace llmops::cli
