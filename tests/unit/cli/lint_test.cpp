// lint: what it reads, what it says of rules and references, and how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "crds/base/json.hpp"
#include "run_cli.hpp"

namespace llmops::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using testing_support::CliRun;
using testing_support::run_cli;

class Lint : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              (std::string("lint-") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  CliRun lint(const std::string& text) { return run_cli({"lint", "-f", "-"}, text); }
  // "line severity field" of each problem.
  static std::vector<std::string> places(const std::string& text) {
    std::vector<std::string> found;
    const CliRun run = run_cli({"lint", "-f", "-", "-o", "json"}, text);
    const auto out = parse_json(run.out);
    if (!out.ok()) return {"no JSON: " + run.out + run.err};
    for (const Json& problem : (*out)["problems"])
      found.push_back(std::to_string(problem["line"].get<int>()) + " " +
                      problem["severity"].get<std::string>() + " " + problem["field"].get<std::string>());
    return found;
  }
  std::filesystem::path folder_;
};

constexpr const char* kPrompt = R"(apiVersion: llmops.dev/v1alpha1
kind: PromptVersion
metadata: {name: support-v1}
spec:
  prompt: support
  version: 1
  messages:
  - {role: system, content: Be brief.}
)";

constexpr const char* kDeployment = R"(apiVersion: llmops.dev/v1alpha1
kind: ModelDeployment
metadata: {name: bot}
spec:
  backend:
    pods:
      model: {uri: "image:///models/a.gguf"}
      engine: {type: llamacpp, image: "llama:1"}
  replicas: 1
)";

std::string gate(const std::string& margin, const std::string& key = "dataset.jsonl") {
  return R"(apiVersion: llmops.dev/v1alpha1
kind: EvalGate
metadata: {name: golden}
spec:
  offline:
    dataset:
      configMapRef:
        name: golden
        key: )" +
         key +
         R"(
    metrics:
    - name: exact
      scorer: {type: contains}
      nonInferiority:
        margin: )" +
         margin + "\n";
}

std::string config_map(int items, const std::string& ns = "") {
  std::string text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: golden" +
                     (ns.empty() ? "" : ", namespace: " + ns) + "}\ndata:\n  dataset.jsonl: |\n";
  for (int i = 0; i < items; ++i)
    text += R"(    {"id": "q)" + std::to_string(i) +
            R"(", "messages": [{"role": "user", "content": "hi"}], "reference": "yes"})" + "\n";
  return text;
}

TEST_F(Lint, WhatIsValidEndsWithZeroAndTheVerdict) {
  const CliRun run = lint(kPrompt);
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "1 object checked in 1 file, 0 of other kinds skipped: 0 errors, 0 warnings\nvalid\n");
}

TEST_F(Lint, AProblemIsToldWithFileLineObjectAndField) {
  const std::string file = write(
      "bot.yaml", std::string("# The bot.\n---\n") + kPrompt + "---\n" + kDeployment + "  replica: 2\n");
  const CliRun text = run_cli({"lint", "-f", file});
  EXPECT_EQ(text.code, 1);
  EXPECT_EQ(text.last_line(), "invalid");
  EXPECT_EQ(text.out, file +
                          ":21: error: ModelDeployment bot: spec.replica: unknown field \"spec.replica\", "
                          "nearest known: \"spec.replicas\"\n");
  const CliRun json = run_cli({"lint", "-f", file, "-o", "json"});
  EXPECT_EQ(json.code, 1);
  EXPECT_EQ(parse_json(json.out).value(),
            Json({{"problems",
                   {{{"file", file},
                     {"line", 21},
                     {"object", "ModelDeployment bot"},
                     {"field", "spec.replica"},
                     {"message", "unknown field \"spec.replica\", nearest known: \"spec.replicas\""},
                     {"severity", "error"}}}}}));
}

TEST_F(Lint, WarningsDoNotFail) {
  const CliRun run = lint(std::string(kDeployment) + "  promptRef:\n    name: support-v1\n");
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.last_line(), "valid");
  EXPECT_THAT(run.out,
              HasSubstr("-:11: warning: ModelDeployment bot: spec.promptRef.name: PromptVersion support-v1"));
  EXPECT_THAT(run.out, HasSubstr("(looked for among these manifests only)"));
}

TEST_F(Lint, WhatCannotBeReadIsAWrongUse) {
  EXPECT_EQ(run_cli({"lint"}).code, 2);
  EXPECT_EQ(run_cli({"lint", "-f", (folder_ / "none.yaml").string()}).code, 2);
  EXPECT_EQ(run_cli({"lint", "-f", folder_.string()}).code, 2);
  EXPECT_EQ(run_cli({"lint", "-f", "-", "-f", "-"}, kPrompt).code, 2);
}

TEST_F(Lint, FoldersAreReadWithAllBelowThemButHiddenOnesAndTemplatesOfCharts) {
  write("a/prompt.yaml", kPrompt);
  write("a/b/bot.yml", kDeployment);
  write("a/b/c/kustomization.json",
        R"({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"})");
  write("a/notes.txt", "- {");
  write("a/.git/x.yaml", "- {");
  write("chart/Chart.yaml", "name: bot\n");
  write("chart/templates/x.yaml", "{{ if .Values.on }}\n- a: {\n");
  write("templates/x.yaml", std::string(kDeployment) + "  replica: 1\n");
  const CliRun run = run_cli({"lint", "-f", folder_.string(), "-f", (folder_ / "a/prompt.yaml").string()});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.out, HasSubstr("templates/x.yaml:10: error: ModelDeployment bot: spec.replica"));
  EXPECT_THAT(run.err, HasSubstr("3 objects checked in 5 files, 2 of other kinds skipped: 2 errors"));
}

TEST_F(Lint, BrokenYamlIsAProblemOfItsFileAndTheOthersAreStillChecked) {
  const std::string broken = write("a.yaml", "kind: X\nspec: [\n"),
                    twice = write("b.yaml", "a: 1\nb: 2\na: 3\n");
  const std::string other = write("c.yaml", std::string(kDeployment) + "  replica: 2\n");
  const CliRun run = run_cli({"lint", "-f", folder_.string()});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.out, HasSubstr(broken + ":3: error: not YAML: "));
  EXPECT_THAT(run.out, HasSubstr(twice + ":3: error: found key \"a\" a second time, allowed once"));
  EXPECT_THAT(run.out, HasSubstr(other + ":10: error: ModelDeployment bot: spec.replica"));
}

TEST_F(Lint, ListsAreOpenedAndOtherKindsAreSkipped) {
  EXPECT_THAT(places(R"(apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Secret, metadata: {name: a}}
- apiVersion: llmops.dev/v1alpha1
  kind: Guardrail
  metadata: {name: keys}
  spec:
    rules:
    - name: keys
      type: secret
      action: Mask
)"),
              ElementsAre("5 warning ", "11 error spec.rules[0].type"));
  EXPECT_THAT(places("- a\n- b\n---\njust text\n---\nkind: Service\nspec: {replica: 1}\n"), IsEmpty());
  EXPECT_THAT(places(R"({
 "apiVersion": "llmops.dev/v1alpha1", "kind": "GuardrailList",
 "items": [
  {"apiVersion": "llmops.dev/v1alpha1", "kind": "Guardrail", "metadata": {"name": "a"},
   "spec": {
    "rules": []}}]})"),
              ElementsAre("6 error spec.rules"));
}

TEST_F(Lint, KindsAndVersionsThatAreNoneOfOursAreNamedWithTheNearest) {
  EXPECT_THAT(
      lint("apiVersion: llmops.dev/v1alpha1\nkind: ModelDeploymnt\n").out,
      HasSubstr("-:2: error: ModelDeploymnt without name: kind: found \"ModelDeploymnt\", allowed EvalGate, "
                "EvalRun, Guardrail, ModelDeployment, PromptVersion; nearest: ModelDeployment"));
  EXPECT_THAT(lint("apiVersion: llmops.dev/v1\nkind: Guardrail\n").out,
              HasSubstr("apiVersion: found \"llmops.dev/v1\", allowed \"llmops.dev/v1alpha1\""));
  EXPECT_THAT(places("apiVersion: llmop.dev/v1alpha1\nkind: Guardrail\n"), ElementsAre("1 error apiVersion"));
  EXPECT_THAT(places("kind: Guardrail\n"), ElementsAre("1 error apiVersion"));
  EXPECT_THAT(places("apiVersion: example.com/v1\nkind: Guardrail\n"), IsEmpty());
}

TEST_F(Lint, AnObjectThatIsThereTwiceIsAnError) {
  const CliRun run = lint(std::string(kPrompt) + "---\n" + kPrompt);
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.out, HasSubstr("-:12: error: PromptVersion support-v1: metadata.name: found a second time, "
                                 "allowed once; first: -:3"));
  std::string elsewhere = kPrompt;
  elsewhere.replace(elsewhere.find("{name"), 5, "{namespace: shop, name");
  EXPECT_EQ(lint(std::string(kPrompt) + "---\n" + elsewhere).code, 0);
}

TEST_F(Lint, RulesOfAdmissionAreAskedWhereTheSchemaFindsNothing) {
  std::string prompt = kPrompt;
  prompt.replace(prompt.find("Be brief."), 9, "\"{{ shop }}\"");
  EXPECT_THAT(places(prompt), ElementsAre("8 error spec.messages[0].content"));
  EXPECT_THAT(places(R"(apiVersion: llmops.dev/v1alpha1
kind: Guardrail
metadata: {name: keys}
spec:
  rules:
  - name: tickets
    type: regex
    action: Mask
    regex:
      patterns: ["a", "(?<=x)b"]
)"),
              ElementsAre("10 error spec.rules[0].regex.patterns[1]"));
}

TEST_F(Lint, PlainScalarsAreReadAsKubectlReadsThem) {
  EXPECT_THAT(places(std::string(kDeployment) + "  paused: yes\n  servedModelName: on\n"),
              ElementsAre("1 warning ", "11 error spec.servedModelName"));
}

TEST_F(Lint, EveryProblemIsOneLine) {
  const CliRun run = lint(std::string(kDeployment) + "  \"a\\n::error::b\": 1\n");
  EXPECT_THAT(run.out, HasSubstr("unknown field \"spec.a ::error::b\""));
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 1);
}

TEST_F(Lint, MessagesDoNotRepeatTheirField) {
  EXPECT_THAT(lint(R"(apiVersion: llmops.dev/v1alpha1
kind: Guardrail
metadata: {name: keys}
spec: {rules: [{name: a, type: regex, action: Mask, regex: {patterns: ["(?<=x)b"]}}]}
)")
                  .out,
              HasSubstr("-:4: error: Guardrail keys: spec.rules[0].regex.patterns[0]: expression "));
}

TEST_F(Lint, AReferenceToWhatIsNotThereIsAWarning) {
  EXPECT_THAT(places(std::string(kDeployment) + R"(  promptRef: {name: support-v1}
  guardrailRefs:
  - name: keys
  strategy:
    canary:
      steps:
      - setCanaryScale: {replicas: 1}
      - analysis: {gates: [{name: golden}]}
)"),
              ElementsAre("10 warning spec.promptRef.name", "12 warning spec.guardrailRefs[0].name",
                          "15 warning spec.strategy.canary.steps"));
  EXPECT_THAT(places(gate("0.1")), ElementsAre("8 warning spec.offline.dataset.configMapRef.name"));
}

TEST_F(Lint, WhatIsThereAndFitsIsNoProblem) {
  EXPECT_THAT(places(std::string(kDeployment) + "  promptRef: {name: support-v1}\n---\n" + kPrompt),
              IsEmpty());
  EXPECT_THAT(places(gate("0.1") + "---\n" + config_map(60)), IsEmpty());
}

TEST_F(Lint, WhatIsThereAndDoesNotFitIsAnError) {
  EXPECT_THAT(places(gate("0.1", "other.jsonl") + "---\n" + config_map(60)),
              ElementsAre("9 error spec.offline.dataset.configMapRef.key"));
  EXPECT_THAT(places(gate("0.1") + "---\n" + config_map(5)),
              ElementsAre("14 error spec.offline.metrics[0].nonInferiority.margin"));
  const CliRun broken = lint(gate("0.1") + "---\n" + config_map(2) + "    no JSON\n");
  EXPECT_EQ(broken.code, 1);
  EXPECT_THAT(broken.out, HasSubstr("EvalGate golden: "));
  EXPECT_THAT(broken.out, HasSubstr("line 3"));
  std::string with_include = kPrompt;
  with_include.replace(with_include.find("support-v1"), 10, "support-v2");
  with_include.replace(with_include.find("Be brief."), 9, "'{% include \"support-v1\" %}'");
  EXPECT_THAT(places(with_include + "  includes:\n  - name: support-v1\n    digest: " + std::string(64, 'a') +
                     "\n---\n" + kPrompt),
              ElementsAre("11 error spec.includes[0].digest"));
}

TEST_F(Lint, ReferencesAreFollowedWithinANamespace) {
  std::string here = gate("0.1");
  here.replace(here.find("{name: golden}"), 14, "{name: golden, namespace: shop}");
  EXPECT_THAT(places(here + "---\n" + config_map(60, "shop")), IsEmpty());
  EXPECT_THAT(places(here + "---\n" + config_map(60)), IsEmpty());
  EXPECT_THAT(places(here + "---\n" + config_map(60, "bank")),
              ElementsAre("8 warning spec.offline.dataset.configMapRef.name"));
  EXPECT_THAT(places(here + "---\n" + config_map(60, "shop") + "---\n" + config_map(5)), IsEmpty());
}

TEST_F(Lint, OfABrokenObjectNobodySaysThatItIsMissing) {
  EXPECT_THAT(
      places(std::string(kDeployment) + "  promptRef: {name: support-v1}\n---\n" + kPrompt + "  x: 1\n"),
      ElementsAre("20 error spec.x"));
}

}  // namespace
}  // namespace llmops::cli
