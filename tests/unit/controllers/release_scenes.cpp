#include "release_scenes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"
#include "kstatus.hpp"

namespace llmops::release {
namespace {

using api::ArmName;
using api::EvalRunPhase;

struct Name {
  std::string_view name, title;
};
constexpr std::array<Name, kHappenings> kNames{{
    {"Promote", "`promote`"},
    {"PromoteFull", "`promote-full`"},
    {"Abort", "`abort`"},
    {"Retry", "`retry`"},
    {"Pause", "`pause`"},
    {"Resume", "`resume`"},
    {"Rollback", "`rollback`"},
    {"RollbackToFirst", "`rollback to=1`"},
    {"NewSpecSameParts", "the spec changes the same part again"},
    {"NewSpecOtherParts", "the spec changes another part as well"},
    {"SpecBackToStable", "the spec asks for stable again"},
    {"ReferenceDeleted", "the prompt that it refers to is deleted"},
    {"ReferenceRecreated", "the prompt that it refers to comes back with other content"},
    {"Scaled", "`spec.replicas` changes"},
    {"NewAttempt", "`spec.attempt` changes"},
    {"SpecPaused", "`spec.paused` becomes true"},
    {"OperatorRestarted", "the operator restarts"},
    {"LeaderChanged", "another operator leads, its clock 300 ms behind"},
    {"StableUnhealthy", "stable's pods are not ready"},
    {"CandidateUnhealthy", "the candidate's pods are not ready"},
    {"GatewayUnreadable", "the gateway cannot be read"},
    {"NodeLost", "the node is lost and comes back"},
    {"AcceleratorGone", "no accelerator is left for new pods"},
    {"StatusLost", "the status is lost"},
    {"NamespaceDeleted", "the namespace is being deleted"},
}};

constexpr const char* kStablePrompt = "Second.";
constexpr const char* kStableModel = "/models/good.gguf";

ReleaseWorld two_revisions() {
  ReleaseWorld world;
  world.run();
  world.set_prompt(kStablePrompt);
  world.run();
  EXPECT_EQ(world.status().stable->revision, 2);
  return world;
}

ReleaseWorld with_gate(ReleaseWorld world, std::optional<EvalRunPhase> verdict) {
  world.add_gate("golden");
  world.set_steps(
      {ReleaseWorld::analysis("golden"), ReleaseWorld::weight(20), ReleaseWorld::pause(Duration(60'000))});
  world.judge = [verdict](const api::EvalRunSpec&) { return verdict; };
  return world;
}

ReleaseWorld first_deploy_with_gate(std::optional<EvalRunPhase> verdict) {
  ReleaseWorld world = with_gate(ReleaseWorld(), verdict);
  world.observed.gates["golden"].gate->offline->metrics[0].objective = api::Objective{};
  return world;
}

void until(ReleaseWorld& world, Situation situation) {
  const auto there = [&] {
    return situation_of(world.observed, resolve_target(world.observed)) == situation;
  };
  world.run(there);
  // Until the status tells of it as well.
  for (int i = 0; i < 30 && world.status().run && there(); ++i) {
    const auto now = world.observed.now;
    ReleaseWorld next = world;
    next.pass();
    next.settle();
    if (situation_of(next.observed, resolve_target(next.observed)) != situation || next.observed.now != now)
      break;
    world = std::move(next);
  }
  EXPECT_TRUE(there()) << to_string(situation_of(world.observed, resolve_target(world.observed)));
}

ReleaseWorld at_weight() {
  ReleaseWorld world = two_revisions();
  world.set_model("/models/better.gguf");
  world.run([&] {
    return world.weight_of(ArmName::Candidate) == 20 && world.status().phase == api::Phase::Paused;
  });
  return world;
}

bool changes_model(const ReleaseWorld& world) {
  const auto& candidate = world.status().candidate ? world.status().candidate : world.status().stable;
  return candidate && std::ranges::find(candidate->changed, api::Part::Model) != candidate->changed.end() &&
         candidate->changed.size() == 1;
}

}  // namespace

std::string_view to_string(Happening happening) {
  return kNames[static_cast<std::size_t>(happening)].name;
}

std::string_view title_of(Happening happening) {
  return kNames[static_cast<std::size_t>(happening)].title;
}

ReleaseWorld world_in(Situation situation) {
  using enum Situation;
  ReleaseWorld world;
  switch (situation) {
    case NothingServes:
      world = first_deploy_with_gate(EvalRunPhase::Failed);
      world.run([&] { return !world.status().rejected.empty() && !world.status().run; });
      world.judge = [](const api::EvalRunSpec&) { return EvalRunPhase::Successful; };
      world.run();
      break;
    case Settled:
      world = two_revisions();
      break;
    case Blocked:
      world = two_revisions();
      happen(world, Happening::ReferenceDeleted);
      world.run_for(Duration(60'000));
      break;
    case Queued:
      world = two_revisions();
      world.observed.fleet_has_room = false;
      world.observed.fleet_detail = "a release is due; 10 of at most 10 are under way, 0 wait before it";
      world.set_prompt("Third.");
      world.run_for(Duration(60'000));
      break;
    case Refused:
      world = with_gate(two_revisions(), EvalRunPhase::Failed);
      world.set_prompt("Third.");
      world.run();
      world.judge = [](const api::EvalRunSpec&) { return EvalRunPhase::Successful; };
      break;
    case Held:
      world = two_revisions();
      world.command("rollback to=1");
      world.run();
      break;
    case Baking:
      world = two_revisions();
      world.set_model("/models/better.gguf");
      world.run([&] { return world.status().phase == api::Phase::Baking; });
      break;
    case WaitingForCapacity:
      world = two_revisions();
      world.pods_find_room = false;
      world.set_model("/models/better.gguf");
      until(world, WaitingForCapacity);
      break;
    case Loading:
      world = two_revisions();
      world.set_model("/models/better.gguf");
      world.run([&] { return world.status().run.has_value(); });
      world.engines_load = false;
      until(world, Loading);
      break;
    case Unverified:
      world = two_revisions();
      world.set_prompt("Third.");
      world.run([&] { return world.status().run.has_value(); });
      world.gateways_acknowledge = false;
      until(world, Unverified);
      world.run_for(Duration(20'000));
      break;
    case FirstDeployGate:
      world = first_deploy_with_gate(std::nullopt);
      until(world, FirstDeployGate);
      world.run_for(Duration(20'000));
      break;
    case BeforeTraffic:
      world = with_gate(two_revisions(), std::nullopt);
      world.set_prompt("Third.");
      until(world, BeforeTraffic);
      world.run_for(Duration(20'000));
      break;
    case AtWeight:
      world = at_weight();
      break;
    case PausedAtStep:
      world = two_revisions();
      world.set_steps(
          {ReleaseWorld::weight(20), ReleaseWorld::pause_for_a_person(), ReleaseWorld::weight(50)});
      world.set_prompt("Third.");
      until(world, PausedAtStep);
      break;
    case PausedInconclusive:
    case PausedOnError:
      world = with_gate(two_revisions(),
                        situation == PausedOnError ? EvalRunPhase::Error : EvalRunPhase::Inconclusive);
      world.set_prompt("Third.");
      until(world, situation);
      world.judge = [](const api::EvalRunSpec&) { return EvalRunPhase::Successful; };
      break;
    case PausedByCommand:
      world = at_weight();
      world.command("pause");
      world.run_for(Duration(5'000));
      break;
    case PausedBySpec:
      world = at_weight();
      world.observed.spec.paused = true;
      ++world.observed.meta.generation;
      world.run_for(Duration(5'000));
      break;
    case Promoting:
    case RollingBack:
      world = with_gate(two_revisions(),
                        situation == Promoting ? EvalRunPhase::Successful : EvalRunPhase::Failed);
      world.set_prompt("Third.");
      world.run([&] { return world.status().run && world.status().run->decision; });
      world.judge = [](const api::EvalRunSpec&) { return EvalRunPhase::Successful; };
      break;
  }
  return world;
}

void happen(ReleaseWorld& world, Happening happening) {
  using enum Happening;
  auto& observed = world.observed;
  switch (happening) {
    case Promote:
      return world.command("promote");
    case PromoteFull:
      return world.command("promote-full");
    case Abort:
      return world.command("abort");
    case Retry:
      return world.command("retry");
    case Happening::Pause:
      return world.command("pause");
    case Resume:
      return world.command("resume");
    case Rollback:
      return world.command("rollback");
    case RollbackToFirst:
      return world.command("rollback to=1");
    case NewSpecSameParts:
      return changes_model(world) ? world.set_model("/models/newest.gguf") : world.set_prompt("Newest.");
    case NewSpecOtherParts:
      return changes_model(world) ? world.set_prompt("Newest.") : world.set_model("/models/newest.gguf");
    case SpecBackToStable: {
      const bool baking_model = world.status().stable && changes_model(world) && !world.status().run;
      world.set_model(baking_model ? "/models/better.gguf" : kStableModel);
      return world.set_prompt(world.status().stable && world.status().stable->revision == 1 ? "You are kind."
                                                                                            : kStablePrompt);
    }
    case ReferenceDeleted:
      observed.prompt = {true, std::nullopt,
                         "spec.promptRef.name: PromptVersion x does not exist; create it"};
      ++observed.meta.generation;
      return;
    case ReferenceRecreated:
      world.set_prompt("Recreated.");
      return;
    case Scaled:
      observed.spec.replicas = 3;
      ++observed.meta.generation;
      return;
    case NewAttempt:
      observed.spec.attempt = 2;
      ++observed.meta.generation;
      return;
    case SpecPaused:
      observed.spec.paused = true;
      ++observed.meta.generation;
      return;
    case OperatorRestarted:
      observed.last_status_write = observed.now;
      return;
    case LeaderChanged:
      observed.now -= Duration(300);
      observed.last_status_write = observed.now;
      return;
    case StableUnhealthy:
      if (world.status().stable) world.broken.insert(short_hash(world.status().stable->serving_hash));
      return;
    case CandidateUnhealthy:
      if (world.status().candidate) world.broken.insert(short_hash(world.status().candidate->serving_hash));
      return;
    case GatewayUnreadable:
      world.gateways_answer = false;
      return;
    case NodeLost: {
      std::set<std::string> all;
      for (const auto& engine : observed.engines) all.insert(engine.serving_hash);
      std::swap(world.broken, all);
      world.gateways_answer = false;
      world.run_for(Duration(60'000));
      std::swap(world.broken, all);
      world.gateways_answer = true;
      observed.gateway_pods[0].meta.name = "support-bot-gateway-2";
      observed.gateway_pods[0].meta.uid = "gateway-2";
      return;
    }
    case AcceleratorGone:
      world.pods_find_room = false;
      return;
    case StatusLost:
      observed.status = {};
      return;
    case NamespaceDeleted:
      observed.meta.deletion_timestamp = observed.now;
      return;
  }
}

std::string outcome_of(Situation situation, Happening happening) {
  ReleaseWorld world = world_in(situation);
  EXPECT_EQ(to_string(situation_of(world.observed, resolve_target(world.observed))), to_string(situation));
  world.notes.clear();
  world.writes.clear();
  happen(world, happening);
  std::int64_t epoch = world.status().epoch.value_or(0);
  world.run_for(Duration(300'000), [&] {
    const auto& status = world.status();
    expect_honest_status(world.observed);
    EXPECT_GE(status.epoch.value_or(0), happening == Happening::StatusLost ? 0 : epoch)
        << "an epoch only rises";
    epoch = status.epoch.value_or(0);
    std::int64_t sum = 0;
    for (const auto& arm : status.arms) sum += arm.weight;
    EXPECT_EQ(sum, status.stable ? 100 : 0) << "weights of all arms";
  });
  std::string text;
  if (happening <= Happening::RollbackToFirst) {
    const auto& last = world.status().last_command;
    text = !last            ? "not looked at"
           : last->accepted ? "accepted: " + last->result
                            : "refused: " + last->result;
  }
  std::string events;
  for (const auto& note : world.notes) {
    if (note.reason.starts_with("Command") || note.reason == "StepCompleted" ||
        note.reason == "TrafficWeightUpdated" || note.reason == "ReleaseDecided" || note.reason == "Healthy")
      continue;
    events += (events.empty() ? "" : ", ") + std::string(note.reason);
  }
  if (!events.empty()) text += (text.empty() ? "" : " → ") + events;
  if (world.writes.empty()) text += (text.empty() ? "" : " → ") + std::string("nothing is written");
  const auto& status = world.status();
  text += (text.empty() ? "" : " → ") + std::string(status.phase ? to_string(*status.phase) : "no phase");
  text += status.stable ? ", revision " + std::to_string(status.stable->revision) + " serves"
                        : ", nobody is served";
  if (status.candidate)
    text += ", candidate " + std::to_string(status.candidate->revision) + " at " +
            std::to_string(world.weight_of(ArmName::Candidate)) + " %";
  if (status.waiting_for) text += ", waits for " + std::string(to_string(status.waiting_for->kind));
  return text;
}

}  // namespace llmops::release
