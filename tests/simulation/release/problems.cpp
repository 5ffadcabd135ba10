#include "tests/simulation/release/problems.hpp"

#include <map>

#include "tests/simulation/release/comparison.hpp"

namespace llmops::simulation {
namespace {

// Writes that took effect, without those of a status: how often progress is told depends on time.
std::map<std::string, int> acts_of(const Played& played) {
  std::map<std::string, int> acts;
  for (const auto& write : played.writes)
    if (write.status >= 200 && write.status < 300 && !write.resource.ends_with("/status"))
      ++acts[write.to_string()];
  return acts;
}

}  // namespace

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

std::string problems_of(const Played& played, const Played& reference) {
  std::string text = joined(played.violations) + joined(played.traffic.failures) + joined(played.deaths);
  if (!played.unfinished.empty()) text += "did not end: " + played.unfinished + "\n";
  if (played.unfinished.empty() && played.state != reference.state)
    text += "another end:\n" + difference(reference.state, played.state);
  if (played.writes_when_settled > 0)
    text += std::to_string(played.writes_when_settled) + " writes after everything was settled\n";
  const auto expected = acts_of(reference);
  for (const auto& [act, times] : acts_of(played)) {
    const auto known = expected.find(act);
    if (known == expected.end() || times > known->second)
      text += act + ": done " + std::to_string(times) + " times, expected " +
              std::to_string(known == expected.end() ? 0 : known->second) + "\n";
  }
  return text.empty() ? text : text + joined(played.story) + played.write_list();
}

}  // namespace llmops::simulation
