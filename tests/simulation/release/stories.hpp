// Many stories, several at a time, each in a process of its own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace llmops::simulation {

struct StoryReport {
  std::string name;
  std::vector<std::string> told;
  std::string problems;  // empty: all is well
  std::int64_t requests = 0;
  std::map<std::string, std::int64_t> failed_by_cause;
};

std::vector<StoryReport> play_seeds(const std::vector<std::uint64_t>& seeds, int jobs);
// Every `every`-th of the ordered pairs of desired states.
std::vector<StoryReport> play_desired_pairs(int jobs, int every);

}  // namespace llmops::simulation
