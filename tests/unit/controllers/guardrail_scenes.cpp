#include "guardrail_scenes.hpp"

namespace llmops::release {

ReleaseWorld guarded_world() {
  ReleaseWorld world;
  world.set_guardrail("leaks", "secret");
  world.run();
  return world;
}

ReleaseWorld gated_world(const std::string& refused) {
  ReleaseWorld world = guarded_world();
  world.add_gate("golden");
  world.set_steps({ReleaseWorld::analysis("golden"), ReleaseWorld::weight(20),
                   ReleaseWorld::pause(Duration(60'000)), ReleaseWorld::weight(50)});
  world.judge = [refused](const api::EvalRunSpec&) {
    return refused.empty() ? api::EvalRunPhase::Successful : api::EvalRunPhase::Failed;
  };
  return world;
}

std::vector<std::string> texts(const ReleaseWorld& world, std::string_view reason) {
  std::vector<std::string> found;
  for (const auto& note : world.notes)
    if (note.reason == reason) found.push_back(note.text);
  return found;
}

std::vector<api::HistoryOutcome> outcomes(const ReleaseWorld& world) {
  std::vector<api::HistoryOutcome> found;
  for (const auto& entry : world.status().history) found.push_back(entry.outcome);
  return found;
}

bool at_weight(const ReleaseWorld& world, api::Part part, std::int64_t weight) {
  return world.status().candidate && world.status().candidate->changed == std::vector{part} &&
         world.weight_of(api::ArmName::Candidate) == weight && world.status().phase == api::Phase::Paused;
}

}  // namespace llmops::release
