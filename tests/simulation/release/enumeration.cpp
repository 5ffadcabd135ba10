#include "tests/simulation/release/enumeration.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <list>
#include <optional>
#include <utility>

namespace llmops::simulation {
namespace {

// Less than a pipe holds, so that a fork never waits for its reader.
constexpr std::size_t kMostText = 32'000;

struct Fork {
  pid_t pid = 0;
  int pipe = -1;
  std::size_t plan = 0;
};

std::string read_to_end(int pipe) {
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(pipe, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  ::close(pipe);
  return text;
}

class Enumeration {
 public:
  Enumeration(std::vector<Plan> plans, int jobs)
      : plans_(std::move(plans)), most_(static_cast<std::size_t>(std::max(1, jobs))) {
    for (const Plan& plan : plans_) reports_.push_back({plan.name, "its moment did not come", 0});
  }

  // Called after every handler of the run.
  void at(Scene& scene) {
    while (!child_ && next_ < plans_.size() && plans_[next_].due(scene)) {
      while (running_.size() >= most_) collect();
      fork_one(scene, next_);
      if (!child_) ++next_;
    }
  }

  bool child() const { return child_.has_value(); }

  [[noreturn]] void report(const std::string& problems, int writes) {
    const std::string text = std::to_string(writes) + "\n" + problems.substr(0, kMostText);
    const bool written = ::write(*child_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::_exit(written ? 0 : 1);  // nothing that the parent owns too may be taken down
  }

  std::vector<PlanReport> finish() {
    while (!running_.empty()) collect();
    return std::move(reports_);
  }

 private:
  void fork_one(Scene& scene, std::size_t plan) {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) {
      reports_[plan].problems = "no pipe could be made";
      return;
    }
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(ends[0]);
      child_ = ends[1];
      plans_[plan].apply(scene);
      return;
    }
    ::close(ends[1]);
    if (pid < 0)
      reports_[plan].problems = "no process could be made";
    else
      running_.push_back({pid, ends[0], plan});
  }

  void collect() {
    const Fork oldest = running_.front();
    running_.pop_front();
    const std::string text = read_to_end(oldest.pipe);
    int status = 0;
    ::waitpid(oldest.pid, &status, 0);
    PlanReport& report = reports_[oldest.plan];
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      report.problems = "the process of this plan ended by itself, status " + std::to_string(status);
      return;
    }
    const auto end = text.find('\n');
    report.writes = std::stoi(text.substr(0, end));
    report.problems = text.substr(end + 1);
  }

  std::vector<Plan> plans_;
  const std::size_t most_;
  std::vector<PlanReport> reports_;
  std::size_t next_ = 0;
  std::list<Fork> running_;
  std::optional<int> child_;  // the pipe, in a fork
};

}  // namespace

std::vector<PlanReport> enumerate(const PlayOptions& options, std::vector<Plan> plans, int jobs,
                                  const std::function<std::string(const Played&)>& judge) {
  Enumeration enumeration(std::move(plans), jobs);
  PlayOptions watched = options;
  watched.after_handler = [&enumeration](Scene& scene) { enumeration.at(scene); };
  const Played played = play(watched);
  if (enumeration.child()) enumeration.report(judge(played), played.accepted_writes());
  return enumeration.finish();
}

}  // namespace llmops::simulation
