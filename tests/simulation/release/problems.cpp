#include "tests/simulation/release/problems.hpp"

#include <map>

#include "tests/simulation/release/comparison.hpp"

namespace llmops::simulation {
namespace {

enum class Which { All, Acts };  // acts: without a status, since how often progress is told depends on time

// Writes that took effect.
std::map<std::string, int> counts_of(const Played& played, Which which) {
  std::map<std::string, int> counts;
  for (const auto& write : played.writes)
    if (write.status >= 200 && write.status < 300 &&
        (which == Which::All || !write.resource.ends_with("/status")))
      ++counts[write.to_string()];
  return counts;
}

std::string done_more_often(const Played& played, const Played& reference, Which which, int allowed = 0) {
  std::string text;
  const auto expected = counts_of(reference, which);
  for (const auto& [write, times] : counts_of(played, which)) {
    const auto known = expected.find(write);
    const int wanted = known == expected.end() ? 0 : known->second;
    if (times > wanted + allowed)
      text += write + ": done " + std::to_string(times) + " times, expected " + std::to_string(wanted) + "\n";
  }
  return text;
}

}  // namespace

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

std::string problems_of(const Played& played, const Played& reference, int more_of_one_act) {
  std::string text = joined(played.violations) + joined(played.traffic.failures) + joined(played.deaths);
  if (!played.unfinished.empty()) text += "did not end: " + played.unfinished + "\n";
  if (played.unfinished.empty() && played.state != reference.state)
    text += "another end:\n" + difference(reference.state, played.state);
  if (played.writes_when_settled > 0)
    text += std::to_string(played.writes_when_settled) + " writes after everything was settled\n";
  text += done_more_often(played, reference, Which::Acts, more_of_one_act);
  return text.empty() ? text : text + joined(played.story) + played.write_list();
}

std::string more_writes(const Played& played, const Played& reference, int allowed) {
  return done_more_often(played, reference, Which::All, allowed);
}

}  // namespace llmops::simulation
