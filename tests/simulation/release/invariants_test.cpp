// The checkers themselves: what a broken product would do is done by hand, and each rule must say so.
#include <gtest/gtest.h>

#include "tests/simulation/release/problems.hpp"
#include "tests/simulation/release/scenarios.hpp"

namespace llmops::simulation {
namespace {

using gateway::Decision;

// Plays a scenario in which every request of users is reported otherwise than it was assigned.
std::string violations_with(const std::string& scenario, const std::function<void(Decision&)>& tamper) {
  PlayOptions options = find_scenario(scenario)->options();
  options.prepare = [&](Scene& scene) {
    scene.cluster.on_request = [real = scene.cluster.on_request, &tamper](const UserRequest& request) {
      Decision other = request.decision;
      tamper(other);
      real({request.pod, request.model_deployment, request.conversation, other});
    };
  };
  return joined(play(options).violations);
}

// Plays a scenario in which somebody does this once, when the candidate has this weight (0: at the end).
std::string violations_after(const std::string& scenario, std::int64_t weight,
                             const std::function<void(ClusterState&, const Json& status)>& act) {
  PlayOptions options = find_scenario(scenario)->options();
  bool done = false;
  options.after_handler = [&](Scene& scene) {
    const Json* object =
        scene.cluster.server->store.find(kube::kModelDeployments, {kNamespace, kDeploymentName});
    const Json* status = object ? find_path(*object, "status") : nullptr;
    if (done || !status) return;
    const bool rejected = string_at(*status, "phase") == "RolledBack";
    if (weight > 0 ? integer_at(*status, "arms.1.weight") != weight : !rejected) return;
    if (weight > 0 && integer_at(*status, "trafficVerified.epoch") < integer_at(*status, "epoch")) return;
    done = true;
    const Json copy = *status;
    act(scene.cluster, copy);
  };
  const Played played = play(options);
  return (done ? "" : "it was never done\n") + joined(played.violations);
}

void edit_config(ClusterState& cluster, const std::function<void(Json& model)>& edit) {
  cluster.server->store.edit(kube::kConfigMaps, {kNamespace, "support-bot-gateway"}, [&](Json& object) {
    Json config = parse_json(object["data"]["config.json"].get<std::string>()).value();
    edit(config["models"][0]);
    config["epoch"] = config["epoch"].get<std::int64_t>() + 1;
    object["data"]["config.json"] = dump_json(config);
  });
}

TEST(Invariants, see_a_request_that_went_to_another_arm_than_its_bucket_says) {
  const std::string said = violations_with(
      "good-prompt", [](Decision& decision) { decision.arm = decision.assigned = "candidate"; });
  EXPECT_NE(said.find("and bucket"), std::string::npos) << said;
}

TEST(Invariants, see_a_request_that_fell_back_from_an_arm_that_had_its_engine) {
  const std::string said =
      violations_with("good-prompt", [](Decision& decision) { decision.arm = "candidate"; });
  EXPECT_NE(said.find("fell back to candidate, and the engine of stable was not lost"), std::string::npos)
      << said;
}

TEST(Invariants, see_a_request_under_an_epoch_that_all_gateways_have_left) {
  const std::string said = violations_with("good-prompt", [](Decision& decision) { decision.epoch = 2; });
  EXPECT_NE(said.find("was assigned after all gateways had acknowledged epoch"), std::string::npos) << said;
}

TEST(Invariants, see_a_request_that_meets_an_unjudged_revision) {
  const std::string said = violations_with("good-prompt", [](Decision& decision) {
    auto other = std::make_shared<gateway::Revision>(*decision.revision);
    other->hash = std::string(64, 'a');
    decision.revision = std::move(other);
  });
  EXPECT_NE(said.find("before its gate was Successful"), std::string::npos) << said;
}

TEST(Invariants, see_a_weight_that_no_status_authorised) {
  const std::string said = violations_after("good-model", 20, [](ClusterState& cluster, const Json&) {
    edit_config(cluster, [](Json& model) {
      model["arms"][0]["weight"] = 10;
      model["arms"][1]["weight"] = 90;
    });
  });
  EXPECT_NE(said.find("is in no persisted status"), std::string::npos) << said;
}

TEST(Invariants, see_capacity_that_goes_under_traffic) {
  const std::string said = violations_after("good-model", 50, [](ClusterState& cluster, const Json& status) {
    const std::string engine =
        "support-bot-engine-" + string_at(status, "candidate.servingHash").substr(0, 10);
    cluster.server->store.edit(kube::kDeployments, {kNamespace, engine},
                               [](Json& object) { object["spec"]["replicas"] = 0; });
  });
  EXPECT_NE(said.find("was scaled down to 0 though no status says so"), std::string::npos) << said;
  EXPECT_NE(said.find("scaled to 0 while epoch"), std::string::npos) << said;
}

TEST(Invariants, see_a_second_candidate) {
  const std::string said = violations_after("good-model", 20, [](ClusterState& cluster, const Json&) {
    cluster.server->store.edit(kube::kModelDeployments, {kNamespace, kDeploymentName}, [](Json& object) {
      object["status"]["arms"].push_back(object["status"]["arms"][1]);
    });
  });
  EXPECT_NE(said.find("more than one candidate"), std::string::npos) << said;
}

TEST(Invariants, see_a_rejected_content_that_gets_users) {
  const std::string said = violations_after("bad-prompt", 0, [](ClusterState& cluster, const Json& status) {
    const std::string rejected = string_at(status, "rejected.0.hash");
    edit_config(cluster, [&](Json& model) { model["arms"][0]["revision"] = rejected; });
  });
  EXPECT_NE(said.find("and its content is rejected"), std::string::npos) << said;
}

TEST(Invariants, see_a_reason_that_no_table_has) {
  const std::string condition = violations_after("good-model", 20, [](ClusterState& cluster, const Json&) {
    cluster.server->store.edit(kube::kModelDeployments, {kNamespace, kDeploymentName},
                               [](Json& object) { object["status"]["conditions"][0]["reason"] = "Sleepy"; });
  });
  EXPECT_NE(condition.find("Sleepy of a ModelDeployment stands in no table"), std::string::npos) << condition;
  const std::string event = violations_after("good-model", 20, [](ClusterState& cluster, const Json&) {
    (void)cluster.server->store.create(kube::kEvents,
                                       {{"metadata", {{"namespace", kNamespace}, {"name", "a"}}},
                                        {"type", "Normal"},
                                        {"reason", "Degraded"},
                                        {"regarding", {{"kind", "ModelDeployment"}}}});
  });
  EXPECT_NE(event.find("Normal event Degraded of a ModelDeployment stands in no table"), std::string::npos)
      << event;
}

// Changes the evidence of the EvalRun of the release that is on.
std::string violations_with_evidence(const std::function<void(Json& status)>& tamper) {
  return violations_after("live-watch-good-prompt", 50, [&](ClusterState& cluster, const Json&) {
    for (const Json& run : cluster.server->store.list(kube::kEvalRuns, kNamespace))
      if (find_path(run, "status.live.metrics.0.countedThrough"))
        cluster.server->store.edit(kube::kEvalRuns, {kNamespace, string_at(run, "metadata.name")},
                                   [&](Json& object) { tamper(object["status"]); });
  });
}

TEST(Invariants, see_evidence_that_no_gateway_counted) {
  const std::string said = violations_with_evidence([](Json& status) {
    Json& trials = status["live"]["metrics"][0]["candidate"]["trials"];
    trials = trials.get<std::int64_t>() + 1;
  });
  EXPECT_NE(said.find("recorded 0/1, really 0/0"), std::string::npos) << said;
}

TEST(Invariants, see_evidence_that_is_lost) {
  const std::string said = violations_with_evidence([](Json& status) {
    Json& through = status["live"]["metrics"][0]["countedThrough"];
    through = format_timestamp(*parse_timestamp(through.get<std::string>()) + Duration(5'000));
  });
  EXPECT_NE(said.find("recorded 0/0, gateways told 0/"), std::string::npos) << said;
}

TEST(Invariants, see_a_mark_that_goes_back_and_a_verdict_that_the_numbers_do_not_give) {
  const std::string said = violations_with_evidence([](Json& status) {
    Json& through = status["live"]["metrics"][0]["countedThrough"];
    through = format_timestamp(*parse_timestamp(through.get<std::string>()) - Duration(5'000));
    status["phase"] = "Failed";
    status["completedAt"] = status["live"]["beganAt"];
  });
  EXPECT_NE(said.find("countedThrough went back"), std::string::npos) << said;
  EXPECT_NE(said.find("says Failed, and its numbers say Running"), std::string::npos) << said;
}

std::string violations_of_decision(const char* outcome, const char* verdict) {
  return violations_after("live-watch-good-prompt", 50, [&](ClusterState& cluster, const Json&) {
    cluster.server->store.edit(kube::kModelDeployments, {kNamespace, kDeploymentName}, [&](Json& object) {
      object["status"]["run"]["decision"] = {{"outcome", outcome},     {"verdict", verdict},
                                             {"reason", "GateFailed"}, {"message", "by hand"},
                                             {"evalRun", "nowhere"},   {"time", "2026-01-01T00:01:00Z"}};
    });
  });
}

TEST(Invariants, see_a_decision_without_persisted_evidence_and_a_promotion_over_an_open_gate) {
  const std::string failed = violations_of_decision("RolledBack", "Failed");
  EXPECT_NE(failed.find("was decided by nowhere before that was Failed"), std::string::npos) << failed;
  const std::string promoted = violations_of_decision("Promoted", "Successful");
  EXPECT_NE(promoted.find("promoted before live-errors had passed"), std::string::npos) << promoted;
}

}  // namespace
}  // namespace llmops::simulation
