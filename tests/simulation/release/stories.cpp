#include "tests/simulation/release/stories.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <utility>

#include "crds/base/json.hpp"
#include "tests/simulation/release/story.hpp"

namespace llmops::simulation {
namespace {

struct Named {
  std::string name;
  std::function<Story()> make;
};

Json played(const Named& named) {
  const Story story = named.make();
  const Played played = play(story.options);
  return {{"problems", problems_of_story(played)},
          {"requests", played.traffic.requests},
          {"failed", played.traffic.failed_by_cause}};
}

// One worker plays every `jobs`-th story and writes a line for each.
void work(const std::vector<Named>& stories, std::size_t first, std::size_t jobs, int pipe) {
  for (std::size_t i = first; i < stories.size(); i += jobs) {
    Json line = played(stories[i]);
    line["story"] = i;
    const std::string text = dump_json(line) + "\n";
    for (std::size_t at = 0; at < text.size();) {
      const ssize_t wrote = ::write(pipe, text.data() + at, text.size() - at);
      if (wrote <= 0) ::_exit(1);
      at += static_cast<std::size_t>(wrote);
    }
  }
}

std::string read_to_end(int pipe) {
  std::string text;
  char buffer[65536];
  for (ssize_t got = 0; (got = ::read(pipe, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  ::close(pipe);
  return text;
}

void take(std::vector<StoryReport>& reports, const std::string& text) {
  std::size_t at = 0;
  for (std::size_t end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    const auto line = parse_json(text.substr(at, end - at));
    if (!line.ok()) continue;
    StoryReport& report = reports[static_cast<std::size_t>(integer_at(*line, "story"))];
    report.problems = string_at(*line, "problems");
    report.requests = integer_at(*line, "requests");
    for (const auto& [cause, count] : (*line)["failed"].items())
      report.failed_by_cause[cause] = count.get<std::int64_t>();
  }
}

std::vector<StoryReport> play_all(const std::vector<Named>& stories, int jobs) {
  std::vector<StoryReport> reports;
  for (const Named& named : stories)
    reports.push_back({named.name, {}, "its process ended by itself", 0, {}});
  const std::size_t workers = std::min(stories.size(), static_cast<std::size_t>(std::max(1, jobs)));
  std::vector<std::pair<pid_t, int>> running;
  std::fflush(nullptr);
  for (std::size_t worker = 0; worker < workers; ++worker) {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) break;
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(ends[0]);
      work(stories, worker, workers, ends[1]);
      ::_exit(0);
    }
    ::close(ends[1]);
    running.emplace_back(pid, ends[0]);
  }
  for (const auto& [pid, pipe] : running) {
    take(reports, read_to_end(pipe));
    int status = 0;
    ::waitpid(pid, &status, 0);
  }
  for (std::size_t i = 0; i < stories.size(); ++i)
    if (!reports[i].problems.empty()) reports[i].told = stories[i].make().told;
  return reports;
}

}  // namespace

std::vector<StoryReport> play_seeds(const std::vector<std::uint64_t>& seeds, int jobs) {
  std::vector<Named> stories;
  for (const std::uint64_t seed : seeds)
    stories.push_back({"seed " + std::to_string(seed), [seed] { return make_story(seed); }});
  return play_all(stories, jobs);
}

std::vector<StoryReport> play_desired_pairs(int jobs, int every) {
  std::vector<Named> stories;
  for (int pair = 0; pair < desired_states() * desired_states(); pair += every) {
    const int first = pair / desired_states(), second = pair % desired_states();
    stories.push_back({"desired states " + std::to_string(first) + " and " + std::to_string(second),
                       [first, second] { return desired_pair(first, second); }});
  }
  return play_all(stories, jobs);
}

}  // namespace llmops::simulation
