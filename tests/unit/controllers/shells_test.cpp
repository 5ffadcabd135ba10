// The shells of the three small controllers against the simulated API server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crds/base/digest.hpp"
#include "shells_world.hpp"

namespace llmops::controllers {
namespace {

using namespace std::chrono_literals;
using simulation::Fault;
using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kRun = "bot-run-1-0-0-0";

std::string message_of(const ShellsWorld& cluster, const kube::ResourceType& type, const char* name) {
  const Json* found = cluster.find(type, name);
  return found ? string_at(*found, "status.message") : "";
}

bool has_event(const ShellsWorld& cluster, const std::string& reason) {
  for (const Json& event : cluster.server->store.list(kube::kEvents))
    if (string_at(event, "reason") == reason) return true;
  return false;
}

class Shells : public testing::Test {
 protected:
  void start_with_run() {
    cluster.create_dataset("bot-dataset", golden_set_text());
    cluster.create_eval_run(kRun);
    cluster.start_operator();
  }
  ShellsWorld cluster;
};

TEST_F(Shells, AnEvalRunIsMeasuredOnceAndItsVerdictRecorded) {
  start_with_run();
  ASSERT_TRUE(cluster.run_until_ended(kRun));
  EXPECT_EQ(cluster.phase(kRun), "Successful");
  const Json& status = (*cluster.find(kube::kEvalRuns, kRun))["status"];
  EXPECT_EQ(status["message"], "right: 59 of 60, stable 59 of 60");
  EXPECT_EQ(status["resultDigest"], std::string(64, 'e'));
  EXPECT_EQ(status["metrics"][0]["n"], 60);
  EXPECT_EQ(status["job"], kRun);
  EXPECT_EQ(cluster.condition(kube::kEvalRuns, kRun, "Complete"), "True");
  std::vector<std::string> writes;
  for (const auto& write : cluster.world.write_log()) writes.push_back(write.to_string());
  EXPECT_THAT(writes, testing::ElementsAre(std::string("POST configmaps shop/") + kRun,
                                           std::string("POST jobs shop/") + kRun,
                                           std::string("PUT evalruns/status shop/") + kRun,
                                           std::string("PUT evalruns/status shop/") + kRun));
  cluster.world.run_for(1h);
  EXPECT_EQ(cluster.world.write_log().size(), 4u) << "settled means silent";
  EXPECT_EQ(cluster.kubelet.pods_made, 1);
  EXPECT_TRUE(has_event(cluster, "Successful"));
}

TEST_F(Shells, AVerdictGivenWhileTheOperatorWasAwayIsRead) {
  start_with_run();
  ASSERT_TRUE(cluster.world.run_until([&] { return cluster.phase(kRun) == "Running"; }, 1min));
  cluster.world.kill(kOperator);
  cluster.kubelet.message = verdict_message(api::Verdict::Failed);
  cluster.world.run_for(10min);
  cluster.world.restart(kOperator);
  ASSERT_TRUE(cluster.run_until_ended(kRun, 1min));
  EXPECT_EQ(cluster.phase(kRun), "Failed");
}

TEST_F(Shells, AJobDeletedUnderAnEvalRunIsAnErrorAndNotMadeAgain) {
  cluster.kubelet.makes_pods = false;
  start_with_run();
  ASSERT_TRUE(cluster.world.run_until([&] { return cluster.phase(kRun) == "Running"; }, 1min));
  cluster.server->store.remove(kube::kJobs, {kNamespace, kRun});
  ASSERT_TRUE(cluster.run_until_ended(kRun, 1min));
  EXPECT_EQ(cluster.phase(kRun), "Error");
  EXPECT_THAT(message_of(cluster, kube::kEvalRuns, kRun), HasSubstr("deleted before its verdict was read"));
  cluster.world.run_for(10min);
  EXPECT_FALSE(cluster.find(kube::kJobs, kRun));
}

TEST_F(Shells, APodDeletedAfterItsJobEndedIsALostMessage) {
  start_with_run();
  ASSERT_TRUE(cluster.world.run_until([&] { return cluster.phase(kRun) == "Running"; }, 1min));
  cluster.world.kill(kOperator);
  cluster.world.run_for(1min);
  cluster.server->store.remove(kube::kPods, {kNamespace, std::string(kRun) + "-x7k2p"}, {{}, {}, 0});
  cluster.world.restart(kOperator);
  ASSERT_TRUE(cluster.run_until_ended(kRun, 1min));
  EXPECT_EQ(cluster.phase(kRun), "Error");
  EXPECT_THAT(message_of(cluster, kube::kEvalRuns, kRun), HasSubstr("verdict are gone"));
}

TEST_F(Shells, AnotherOwnersJobIsNeitherAdoptedNorTouched) {
  cluster.create(kube::kJobs, {{"metadata", {{"name", kRun}}}, {"spec", Json::object()}});
  const Json before = *cluster.find(kube::kJobs, kRun);
  start_with_run();
  ASSERT_TRUE(cluster.run_until_ended(kRun, 1min));
  EXPECT_EQ(cluster.phase(kRun), "Error");
  EXPECT_THAT(message_of(cluster, kube::kEvalRuns, kRun),
              AllOf(HasSubstr("Job shop/bot-run-1-0-0-0 exists"), HasSubstr("delete or rename it")));
  EXPECT_EQ(*cluster.find(kube::kJobs, kRun), before);
  cluster.world.run_for(10s);
  EXPECT_TRUE(has_event(cluster, "NameConflict"));
}

TEST_F(Shells, AGoldenSetThatIsNotThereIsAnErrorBeforeAnythingIsMade) {
  cluster.create_eval_run(kRun);
  cluster.start_operator();
  ASSERT_TRUE(cluster.run_until_ended(kRun, 1min));
  EXPECT_EQ(cluster.phase(kRun), "Error");
  EXPECT_THAT(message_of(cluster, kube::kEvalRuns, kRun), HasSubstr("ConfigMap shop/bot-dataset"));
  EXPECT_FALSE(cluster.find(kube::kJobs, kRun));
  EXPECT_FALSE(cluster.find(kube::kConfigMaps, kRun));
}

TEST_F(Shells, ACreateThatTheApiServerRefusesIsAnErrorAndNotTriedAgain) {
  cluster.server->store.set_validator(
      [](const kube::ResourceType& type, const Json& before, const Json&) -> std::optional<std::string> {
        if (type == kube::kJobs && before.is_null()) return "spec.template: too many labels";
        return std::nullopt;
      });
  start_with_run();
  ASSERT_TRUE(cluster.run_until_ended(kRun, 1min));
  EXPECT_THAT(message_of(cluster, kube::kEvalRuns, kRun), HasSubstr("too many labels"));
  const auto writes = cluster.world.write_log().size();
  cluster.world.run_for(1h);
  EXPECT_EQ(cluster.world.write_log().size(), writes);
}

TEST_F(Shells, AnImageThatCannotBePulledIsToldOnceAndForgottenWhenItCan) {
  cluster.kubelet.pulls_images = false;
  start_with_run();
  ASSERT_TRUE(cluster.world.run_until(
      [&] {
        return message_of(cluster, kube::kEvalRuns, kRun).find("cannot be pulled") != std::string::npos;
      },
      1min));
  const auto writes = cluster.world.write_log().size();
  cluster.world.run_for(5min);
  EXPECT_EQ(cluster.world.write_log().size(), writes) << "reasons that alternate are one trouble";
  cluster.kubelet.pulls_images = true;
  ASSERT_TRUE(cluster.run_until_ended(kRun, 1min));
  EXPECT_EQ(cluster.phase(kRun), "Successful");
}

TEST_F(Shells, AnEvaluationThatNobodyEndsEndsByItsOwnDeadline) {
  cluster.kubelet.runs_for = 100h;
  start_with_run();
  ASSERT_TRUE(cluster.run_until_ended(kRun, 20min));
  EXPECT_EQ(cluster.phase(kRun), "Error");
  EXPECT_THAT(message_of(cluster, kube::kEvalRuns, kRun), HasSubstr("no verdict within 11 min"));
}

TEST_F(Shells, LostAnswersOfTheApiServerRepeatNoEvaluation) {
  int lost = 0;
  cluster.world.set_faults([&lost](const std::string& from, const std::string&, const HttpRequest& request) {
    if (from != kOperator || request.method == "GET") return Fault::None;
    return ++lost % 2 == 1 ? Fault::ResponseLost : Fault::None;
  });
  start_with_run();
  ASSERT_TRUE(cluster.run_until_ended(kRun, 10min));
  EXPECT_EQ(cluster.phase(kRun), "Successful");
  EXPECT_EQ(cluster.kubelet.pods_made, 1);
  EXPECT_GE(lost, 4);
}

TEST_F(Shells, APromptVersionCountsWhoRefersToIt) {
  const auto deployment = [](const char* name, const char* prompt) {
    return Json{
        {"metadata", {{"name", name}}},
        {"spec",
         {{"backend",
           {{"pods",
             {{"model", {{"uri", "image:///m.gguf"}}}, {"engine", {{"type", "llamacpp"}, {"image", "e"}}}}}}},
          {"replicas", 1},
          {"promptRef", {{"name", prompt}}}}}};
  };
  const auto prompt = [](const char* name, const char* text) {
    return Json{{"metadata", {{"name", name}}},
                {"spec",
                 {{"prompt", "support"},
                  {"version", 1},
                  {"messages", Json::array({{{"role", "system"}, {"content", text}}})}}}};
  };
  cluster.create(kube::kPromptVersions, prompt("v1", "Be kind."));
  cluster.create(kube::kPromptVersions, prompt("v2", "Be {{ brief"));
  cluster.create(kube::kModelDeployments, deployment("bot", "v1"));
  cluster.start_operator();
  const auto used_by = [&](const char* name) {
    const Json* found = cluster.find(kube::kPromptVersions, name);
    return found ? integer_at(*found, "status.usedBy", -1) : -1;
  };
  cluster.world.run_for(10s);
  EXPECT_EQ(used_by("v1"), 1);
  EXPECT_EQ(used_by("v2"), 0);
  EXPECT_EQ(cluster.condition(kube::kPromptVersions, "v1", "Rendered"), "True");
  EXPECT_EQ(cluster.condition(kube::kPromptVersions, "v2", "Rendered"), "False");
  cluster.create(kube::kModelDeployments, deployment("shop", "v1"));
  cluster.server->store.edit(kube::kModelDeployments, {kNamespace, "bot"},
                             [](Json& object) { object["spec"]["promptRef"]["name"] = "v2"; });
  cluster.world.run_for(10s);
  EXPECT_EQ(used_by("v1"), 1);
  EXPECT_EQ(used_by("v2"), 1);
  cluster.server->store.remove(kube::kModelDeployments, {kNamespace, "bot"});
  cluster.world.run_for(10s);
  EXPECT_EQ(used_by("v2"), 0);
  const auto writes = cluster.world.write_log().size();
  cluster.world.restart(kOperator);
  cluster.world.run_for(10min);
  EXPECT_EQ(cluster.world.write_log().size(), writes) << "settled means silent, across a restart too";
}

TEST_F(Shells, AGuardrailIsCompiledAndCountsWhoRefersToIt) {
  const auto guardrail = [](const char* name, const char* pattern) {
    const Json rule = {{"name", "numbers"},
                       {"type", "regex"},
                       {"action", "Mask"},
                       {"regex", {{"patterns", Json::array({pattern})}}}};
    return Json{{"metadata", {{"name", name}}}, {"spec", {{"rules", Json::array({rule})}}}};
  };
  cluster.create(kube::kGuardrails, guardrail("numbers", "[0-9]{6}"));
  cluster.create(kube::kGuardrails, guardrail("broken", "[0-9"));
  const Json pods = {{"model", {{"uri", "image:///m.gguf"}}},
                     {"engine", {{"type", "llamacpp"}, {"image", "e"}}}};
  const Json references = Json::array({{{"name", "broken"}}, {{"name", "numbers"}}});
  cluster.create(kube::kModelDeployments,
                 {{"metadata", {{"name", "bot"}}},
                  {"spec", {{"backend", {{"pods", pods}}}, {"replicas", 1}, {"guardrailRefs", references}}}});
  cluster.start_operator();
  const auto used_by = [&](const char* name) {
    const Json* found = cluster.find(kube::kGuardrails, name);
    return found ? integer_at(*found, "status.usedBy", -1) : -1;
  };
  cluster.world.run_for(10s);
  EXPECT_EQ(used_by("numbers"), 1);
  EXPECT_EQ(used_by("broken"), 1);
  EXPECT_EQ(cluster.condition(kube::kGuardrails, "numbers", "Compiled"), "True");
  EXPECT_EQ(cluster.condition(kube::kGuardrails, "broken", "Compiled"), "False");
  EXPECT_TRUE(has_event(cluster, "RuleInvalid"));
  const std::string digest = string_at(*cluster.find(kube::kGuardrails, "numbers"), "status.digest");
  EXPECT_EQ(digest.size(), 64u);

  cluster.server->store.edit(kube::kModelDeployments, {kNamespace, "bot"},
                             [](Json& object) { object["spec"]["guardrailRefs"].erase(0); });
  cluster.world.run_for(10s);
  EXPECT_EQ(used_by("numbers"), 1);
  EXPECT_EQ(used_by("broken"), 0);
  const auto writes = cluster.world.write_log().size();
  cluster.world.restart(kOperator);
  cluster.world.run_for(10min);
  EXPECT_EQ(cluster.world.write_log().size(), writes) << "settled means silent, across a restart too";
}

TEST_F(Shells, AnEvalGateSeesItsGoldenSetComeSoonAndChangeWithinFiveMinutes) {
  const Json metric = {
      {"name", "right"}, {"scorer", {{"type", "contains"}}}, {"nonInferiority", {{"margin", 0.1}}}};
  cluster.create(
      kube::kEvalGates,
      {{"metadata", {{"name", "golden"}}},
       {"spec",
        {{"offline",
          {{"dataset", {{"configMapRef", {{"name", "golden"}}}}}, {"metrics", Json::array({metric})}}}}}});
  cluster.start_operator();
  cluster.world.run_for(10s);
  EXPECT_EQ(cluster.condition(kube::kEvalGates, "golden", "Decidable"), "False");
  EXPECT_THAT(message_of(cluster, kube::kEvalGates, "golden"), HasSubstr("shop/golden does not exist"));
  EXPECT_TRUE(has_event(cluster, "DatasetNotFound"));

  cluster.create_dataset("golden", golden_set_text());
  cluster.world.run_for(10s);
  EXPECT_EQ(cluster.condition(kube::kEvalGates, "golden", "Decidable"), "True") << "it came a little later";
  const auto requests = cluster.server->requests;
  cluster.world.run_for(5min);
  EXPECT_EQ(cluster.condition(kube::kEvalGates, "golden", "Decidable"), "True");
  EXPECT_EQ(cluster.condition(kube::kEvalGates, "golden", "Ready"), "True");
  EXPECT_EQ(integer_at(*cluster.find(kube::kEvalGates, "golden"), "status.items"), 60);
  EXPECT_LE(cluster.server->requests, requests + 10) << "a golden set is not polled";

  cluster.server->store.edit(kube::kConfigMaps, {kNamespace, "golden"},
                             [](Json& object) { object["data"]["dataset.jsonl"] = "{}\n"; });
  cluster.world.run_for(5min);
  EXPECT_EQ(cluster.condition(kube::kEvalGates, "golden", "Decidable"), "False");
  EXPECT_THAT(message_of(cluster, kube::kEvalGates, "golden"), HasSubstr("line 1"));

  cluster.server->store.edit(kube::kConfigMaps, {kNamespace, "golden"},
                             [](Json& object) { object["data"]["dataset.jsonl"] = golden_set_text(50); });
  cluster.world.program<Operator>(kOperator).eval_gate_controller().look_again({kNamespace, "golden"});
  cluster.world.run_for(1s);
  EXPECT_EQ(integer_at(*cluster.find(kube::kEvalGates, "golden"), "status.items"), 50)
      << "at once when asked";
  cluster.server->store.edit(kube::kConfigMaps, {kNamespace, "golden"},
                             [](Json& object) { object["data"]["dataset.jsonl"] = "{}\n"; });
  cluster.world.run_for(6min);

  const auto broken = cluster.server->requests;
  cluster.world.run_for(1h);
  EXPECT_LE(cluster.server->requests, broken + 120) << "what stays broken is looked at ever less";
  cluster.server->store.edit(kube::kConfigMaps, {kNamespace, "golden"},
                             [](Json& object) { object["data"]["dataset.jsonl"] = golden_set_text(); });
  cluster.server->store.edit(kube::kEvalGates, {kNamespace, "golden"}, [](Json& object) {
    object["spec"]["offline"]["metrics"][0]["nonInferiority"]["margin"] = 0.04;
  });
  cluster.world.run_for(10s);
  EXPECT_THAT(message_of(cluster, kube::kEvalGates, "golden"), HasSubstr("found 0.04, allowed at least 0.05"))
      << "a changed gate is looked at at once";
}

}  // namespace
}  // namespace llmops::controllers
