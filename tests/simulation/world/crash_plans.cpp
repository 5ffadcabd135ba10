#include "tests/simulation/world/crash_plans.hpp"

#include <array>
#include <map>

namespace llmops::simulation {
namespace {

constexpr std::array kPoints{CrashPoint::BeforeSend, CrashPoint::AfterCommit, CrashPoint::AfterResponse};

}  // namespace

std::vector<std::vector<Crash>> single_crash_plans(int writes) {
  std::vector<std::vector<Crash>> plans;
  for (int write = 1; write <= writes; ++write) {
    for (const CrashPoint point : kPoints) plans.push_back({Crash{write, point}});
  }
  return plans;
}

std::vector<std::vector<Crash>> double_crash_plans(int writes) {
  std::vector<std::vector<Crash>> plans;
  const auto singles = single_crash_plans(writes);
  for (const auto& first : singles) {
    for (const auto& second : singles) {
      if (first[0].write < second[0].write) plans.push_back({first[0], second[0]});
    }
  }
  return plans;
}

std::string to_string(const std::vector<Crash>& plan) {
  std::string text;
  for (const auto& crash : plan)
    text += (text.empty() ? "" : ", ") + std::string(to_string(crash.point)) + " of write " +
            std::to_string(crash.write);
  return text;
}

namespace {

// Generations count from the creation, which may have been repeated: what counts is how far a status is
// behind.
void tell_how_far_behind(Json& value, std::int64_t generation) {
  if (value.is_array())
    for (auto& element : value) tell_how_far_behind(element, generation);
  if (!value.is_object()) return;
  for (auto& [key, member] : value.items()) {
    if (key == "observedGeneration" && member.is_number_integer())
      member = "behind by " + std::to_string(generation - member.get<std::int64_t>());
    else
      tell_how_far_behind(member, generation);
  }
}

}  // namespace

std::string comparable_state(const ObjectStore& store, const std::vector<kube::ResourceType>& types,
                             const std::function<void(Json&)>& forget) {
  std::map<std::string, std::string> names;  // by uid
  for (const auto& type : types) {
    for (const Json& object : store.list(type))
      names[string_at(object, "metadata.uid")] =
          std::string(type.plural) + "/" + string_at(object, "metadata.name");
  }
  std::string text;
  for (const auto& type : types) {
    for (Json object : store.list(type)) {
      if (object.contains("status"))
        tell_how_far_behind(object["status"], integer_at(object, "metadata.generation"));
      Json& metadata = object["metadata"];
      for (const char* own :
           {"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "generation"})
        metadata.erase(own);
      if (metadata.contains("ownerReferences")) {
        for (Json& owner : metadata["ownerReferences"]) {
          const auto known = names.find(string_at(owner, "uid"));
          owner["uid"] = known == names.end() ? "unknown" : known->second;
        }
      }
      if (forget) forget(object);
      text += canonical_json(object) + "\n";
    }
  }
  return text;
}

}  // namespace llmops::simulation
