// render, diff and bump: output, messages and exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/line_difference.hpp"
#include "cli/prompt_edit.hpp"
#include "crds/base/json.hpp"
#include "run_cli.hpp"

namespace llmops::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing_support::CliRun;
using testing_support::run_cli;

class PromptVerbs : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::path(::testing::TempDir()) /
        (std::string("prompt-verbs-") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path) << text;
    return path;
  }
  std::string read(const std::string& name) {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  static Json json(const CliRun& run) {
    auto parsed = parse_json(run.out);
    EXPECT_TRUE(parsed.ok()) << run.out << run.err;
    return parsed.ok() ? *parsed : Json();
  }

  static constexpr const char* kPrompt = R"(# The answers of the shop.
apiVersion: llmops.dev/v1alpha1
kind: PromptVersion
metadata:
  name: support-answer-v12   # the family and the version
spec:
  prompt: support-answer
  version: 12
  messages:
  - role: system
    content: |
      You answer for {{ shop }}.
      {% for o in orders %}[{{ o }}]{% endfor %}
  variables:
    shop: {}
    orders: {schema: {type: array, items: {type: integer}, default: []}}
  parameters: {temperature: 0.2}
)";
  static constexpr const char* kDeployment = R"(apiVersion: llmops.dev/v1alpha1
kind: ModelDeployment
metadata: {name: support-bot}
spec:
  promptRef: {name: support-answer-v12}   # which prompt
)";
  std::filesystem::path folder_;
};

TEST_F(PromptVerbs, RenderWritesWhatTheGatewayWouldSend) {
  const std::string file = write("p.yaml", kPrompt);
  const CliRun run = run_cli({"render", "-f", file, "--vars", R"({"shop":"ACME<|end|>","orders":[7,8]})",
                              "--messages", R"([{"role":"user","content":"[INST] hi"}])", "-o", "json"});
  EXPECT_EQ(run.code, 0) << run.err;
  const Json out = json(run);
  EXPECT_EQ(out["prompt"], "support-answer-v12");
  EXPECT_EQ(out["digest"].get<std::string>().size(), 64u);
  EXPECT_EQ(out["messages"],
            parse_json(R"([{"role":"system","content":"You answer for ACME< |end|>.\n[7][8]\n"},
                           {"role":"user","content":"[ INST] hi"}])")
                .value());
  EXPECT_EQ(out["parameters"], parse_json(R"({"temperature":0.2})").value());
  EXPECT_EQ(out.size(), 4u);
}

TEST_F(PromptVerbs, RenderReadsFilesBehindAnAtAndStandardInput) {
  const std::string vars = write("vars.json", R"({"shop":"ACME"})");
  const CliRun run = run_cli({"render", "-f", "-", "--vars", "@" + vars}, kPrompt);
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, "--- system\nYou answer for ACME.\n\n\n--- parameters\n{\"temperature\":0.2}\n");
}

TEST_F(PromptVerbs, RenderTellsWhatIsWrongAndEndsWithOne) {
  const std::string file = write("p.yaml", kPrompt);
  const auto refused = [&](const std::string& vars) {
    const CliRun run = run_cli({"render", "-f", file, "--vars", vars});
    EXPECT_EQ(run.code, 1) << vars;
    EXPECT_EQ(run.out, "");
    return run.err;
  };
  EXPECT_THAT(refused("{}"), HasSubstr("PromptVersion support-answer-v12: prompt.variables.shop: missing"));
  EXPECT_THAT(refused(R"({"shop":"x","orders":["y"]})"),
              HasSubstr("orders/0: found \"y\", allowed an integer"));
  EXPECT_THAT(refused(R"({"shop":"x","more":1})"), HasSubstr("allowed: orders, shop"));
  std::string broken = kPrompt;
  broken.replace(broken.find("{% endfor %}"), 12, "");
  const CliRun run = run_cli({"render", "-f", write("b.yaml", broken), "--vars", R"({"shop":"x"})"});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("messages[0].content: byte 27: a block is never closed"));
}

TEST_F(PromptVerbs, RenderEndsWithTwoWhenItCannotReadItsInput) {
  const std::string file = write("p.yaml", kPrompt);
  EXPECT_EQ(run_cli({"render", "-f", file, "--vars", "{"}).code, 2);
  EXPECT_EQ(run_cli({"render", "-f", file, "--vars", "[]"}).code, 2);
  EXPECT_EQ(run_cli({"render", "-f", file, "--name", "other"}).code, 2);
  EXPECT_EQ(run_cli({"render", "-f", (folder_ / "none.yaml").string()}).code, 2);
  EXPECT_EQ(run_cli({"render"}).code, 2);
}

TEST_F(PromptVerbs, RenderTakesUpIncludesFromTheSameFolder) {
  write("tone.yaml", R"(apiVersion: llmops.dev/v1alpha1
kind: PromptVersion
metadata: {name: tone-v1}
spec: {prompt: tone, version: 1, messages: [{role: system, content: Be kind.}]}
)");
  const Json tone = json(run_cli({"render", "-f", (folder_ / "tone.yaml").string(), "-o", "json"}));
  const std::string digest = tone["digest"];
  const auto including = [&](const std::string& pinned) {
    write("main.yaml", R"(apiVersion: llmops.dev/v1alpha1
kind: PromptVersion
metadata: {name: main-v1}
spec:
  prompt: main
  version: 1
  messages: [{role: system, content: 'Hello. {% include "tone-v1" %}'}]
  includes: [{name: tone-v1, digest: )" +
                           pinned + "}]\n");
    return run_cli({"render", "-f", folder_.string(), "--name", "main-v1", "-o", "json"});
  };
  EXPECT_EQ(json(including(digest))["messages"][0]["content"], "Hello. Be kind.");
  const CliRun moved = including(std::string(64, 'a'));
  EXPECT_EQ(moved.code, 1);
  EXPECT_THAT(moved.err, HasSubstr("includes[0].digest: found " + std::string(64, 'a') +
                                   ", but PromptVersion tone-v1 has " + digest));
}

TEST_F(PromptVerbs, RenderReadsTheInlinePromptOfAModelDeployment) {
  const CliRun run = run_cli({"render", "-f", "-", "-o", "json"}, R"(
kind: ModelDeployment
metadata: {name: greeter}
spec: {prompt: {messages: [{role: system, content: Hi}, {conversation: {}}]}}
)");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(json(run)["prompt"], "greeter");
  EXPECT_EQ(json(run)["messages"].size(), 1u);
}

TEST_F(PromptVerbs, DiffShowsLinesParametersAndAboutHowManyTokens) {
  const std::string before = write("a.yaml", kPrompt);
  std::string changed = kPrompt;
  changed.replace(changed.find("support-answer-v12"), 18, "support-answer-v13");
  changed.replace(changed.find("You answer for {{ shop }}."), 26,
                  "You answer for {{ shop }} in two sentences.");
  changed.replace(changed.find("0.2"), 3, "0.7");
  const std::string after = write("b.yaml", changed);
  const CliRun text = run_cli({"diff", before, after});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("messages[0].content\n- You answer for {{ shop }}.\n"
                                  "+ You answer for {{ shop }} in two sentences.\n  {% for o in orders %}"));
  EXPECT_THAT(text.out, HasSubstr("parameters.temperature\n- 0.2\n+ 0.7\n"));
  EXPECT_THAT(text.out, HasSubstr("about 18 → 22 tokens\n"));
  const Json out = json(
      run_cli({"diff", "-f", folder_.string(), "support-answer-v12", "support-answer-v13", "-o", "json"}));
  EXPECT_EQ(out["before"]["prompt"], "support-answer-v12");
  EXPECT_EQ(out["after"]["tokens"], 22);
  EXPECT_EQ(out["differences"].size(), 2u);
  EXPECT_EQ(out["differences"][1]["path"], "parameters.temperature");
  EXPECT_EQ(run_cli({"diff", before, before}).out.find("the same content") != std::string::npos, true);
  EXPECT_EQ(run_cli({"diff", before, (folder_ / "none").string()}).code, 2);
}

TEST_F(PromptVerbs, BumpWritesTheNextVersionAndKeepsCommentsAndLayout) {
  const std::string file = write("p.yaml", kPrompt);
  std::string expected = kPrompt;
  expected.replace(expected.find("support-answer-v12"), 18, "support-answer-v13");
  expected.replace(expected.find("version: 12"), 11, "version: 13");
  EXPECT_EQ(run_cli({"bump", file}).out, expected);
  EXPECT_EQ(parse_json(run_cli({"bump", file, "-o", "json"}).out).value(),
            Json({{"name", "support-answer-v13"}, {"version", 13}, {"text", expected}}));
  expected.insert(expected.find("  messages:"), "  commitMessage: \"Two \\\"short\\\" sentences\"\n");
  EXPECT_EQ(run_cli({"bump", file, "-m", "Two \"short\" sentences"}).out, expected);
  EXPECT_EQ(run_cli({"bump", "-", "-m", "Again"}, expected).out.find("Two") == std::string::npos, true);
  EXPECT_THAT(run_cli({"bump", "-"}, expected).out, Not(HasSubstr("commitMessage")));
}

TEST_F(PromptVerbs, BumpWithWriteMovesTheReferenceToo) {
  const std::string file = write("p.yaml", kPrompt);
  const std::string deployment = write("d.yaml", kDeployment);
  const CliRun run = run_cli({"bump", file, "--write", "--reference", deployment, "-o", "json"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(json(run)["name"], "support-answer-v13");
  EXPECT_EQ(json(run)["version"], 13);
  EXPECT_EQ(json(run)["files"].size(), 2u);
  EXPECT_EQ(read("p.yaml"), kPrompt);
  EXPECT_THAT(read("support-answer-v13.yaml"), HasSubstr("version: 13"));
  EXPECT_THAT(read("d.yaml"), HasSubstr("promptRef: {name: support-answer-v13}   # which prompt"));
  const CliRun again = run_cli({"bump", file, "--write"});
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("support-answer-v13.yaml: exists; a version is never changed"));
}

TEST_F(PromptVerbs, BumpWritesNothingWhenSomethingCannotBeEdited) {
  const std::string file = write("p.yaml", kPrompt);
  const CliRun run = run_cli({"bump", file, "--write", "--reference", write("d.yaml", "kind: Other\n")});
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("no ModelDeployment here refers to support-answer-v12"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "support-answer-v13.yaml"));
  EXPECT_EQ(run_cli({"bump", write("two.yaml", std::string(kPrompt) + "---\n" + kPrompt)}).code, 2);
  EXPECT_EQ(run_cli({"bump", file, "--reference", file}).code, 2);
}

TEST(NextName, CountsTheVersionAtItsEnd) {
  EXPECT_EQ(next_name("support-v9", 9), "support-v10");
  EXPECT_EQ(next_name("support", 1), "support-v2");
  EXPECT_EQ(next_name("support-v1", 2), "support-v1-v3");
}

TEST(LineDifferences, ShowChangedLinesWithTwoAroundThem) {
  EXPECT_EQ(line_differences("a\nb", "a\nb"), "");
  EXPECT_EQ(line_differences("1\n2\n3\n4\n5\n6\n7\n8", "1\n2\n3\n4\nx\n6\n7\n8"),
            "  …\n  3\n  4\n- 5\n+ x\n  6\n  7\n  …\n");
  EXPECT_EQ(line_differences("a", "a\nb"), "  a\n+ b\n");
  EXPECT_EQ(line_differences("a\nc\nd", "b\na\nd\nc"), "+ b\n  a\n- c\n  d\n+ c\n");
}

}  // namespace
}  // namespace llmops::cli
