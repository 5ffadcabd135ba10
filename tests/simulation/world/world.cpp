#include "tests/simulation/world/world.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "crds/base/json.hpp"
#include "tests/simulation/world/process.hpp"

namespace llmops::simulation {
namespace {

constexpr int kMostDrainSteps = 1'000'000;

}  // namespace

std::string_view to_string(CrashPoint point) {
  switch (point) {
    case CrashPoint::BeforeSend:
      return "before send";
    case CrashPoint::AfterCommit:
      return "after commit";
    case CrashPoint::AfterResponse:
      return "after response";
  }
  return "?";
}

World::World(WorldOptions options) : options_(options), random_state_(options.seed) {}

World::~World() {
  for (auto& [name, process] : processes_) reap(*process);
}

std::uint64_t World::random() {
  std::uint64_t z = (random_state_ += 0x9E3779B97F4A7C15ull);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

Duration World::latency() {
  const auto spread = static_cast<std::uint64_t>((options_.max_latency - options_.min_latency).count());
  return options_.min_latency + Duration(static_cast<Duration::rep>(random() % (spread + 1)));
}

Process* World::find(const std::string& name) const {
  const auto it = processes_.find(name);
  return it == processes_.end() ? nullptr : it->second.get();
}

Process* World::resolve(const std::string& host) const {
  const auto routed = hosts_.find(host);
  return find(routed == hosts_.end() ? host : routed->second);
}

void World::add_process(std::string name, Start factory) {
  auto& slot = processes_[name];
  if (slot) throw std::logic_error("process " + name + " exists");
  slot = std::make_unique<Process>();
  slot->name = std::move(name);
  slot->factory = std::move(factory);
  start(*slot);
}

void World::route(std::string host, std::string process) {
  hosts_[std::move(host)] = std::move(process);
}
void World::unroute(const std::string& host) {
  hosts_.erase(host);
}

void World::start(Process& process) {
  ++process.starts;
  process.doomed = process.crash_when_quiet = process.paused = false;
  process.env = std::make_unique<SimEnv>(*this, process.name, random());
  process.env->set_clock(process.skew, process.rate);
  process.transport = std::make_unique<SimTransport>(*this, process);
  Process* const before = std::exchange(running_, &process);
  process.program = process.factory(*process.env, *process.transport);
  running_ = before;
}

void World::kill(const std::string& name) {
  Process* process = find(name);
  if (!process || !process->running()) return;
  process->restart_after.reset();
  if (running_ == process) {
    process->doomed = true;
  } else {
    reap(*process);
  }
}

void World::restart(const std::string& name) {
  kill(name);
  Process* process = find(name);
  if (!process) throw std::logic_error("no process " + name);
  if (process->env) {
    process->restart_after = Duration(0);  // it is running this very call: it goes when its handler returns
  } else {
    start(*process);
  }
}

void World::respawn(const std::string& name, std::optional<Duration> after) {
  find(name)->respawn = after;
}

void World::set_clock(const std::string& name, Duration skew, double rate) {
  Process* process = find(name);
  process->skew = skew;
  process->rate = rate;
}

bool World::paused(const std::string& name) const {
  const Process* process = find(name);
  return process && process->paused;
}

void World::pause(const std::string& name) {
  find(name)->paused = true;
}
void World::resume(const std::string& name) {
  find(name)->paused = false;
}

bool World::alive(const std::string& name) const {
  const Process* process = find(name);
  return process && process->running();
}

int World::starts(const std::string& name) const {
  const Process* process = find(name);
  return process ? process->starts : 0;
}

SimEnv& World::env(const std::string& name) {
  Process* process = find(name);
  if (!process || !process->env) throw std::logic_error("no living process " + name);
  return *process->env;
}

Program& World::program_of(const std::string& name) {
  Process* process = find(name);
  if (!process || !process->program) throw std::logic_error("no living process " + name);
  return *process->program;
}

void World::note_death(const std::string& name, std::string why) {
  Process* process = find(name);
  if (process && process->env && !process->env->alive()) return;
  deaths_.push_back(name + ": " + std::move(why));
}

void World::doom(Process& process, std::optional<Duration> restart_after) {
  process.doomed = true;
  process.restart_after = restart_after;
}

// A process is taken down as its peers see it first, then inside: its tasks are cancelled and run to their
// ends, where whatever they try has no effect any more.
void World::reap(Process& process) {
  if (!process.env) return;
  process.env->alive_ = false;
  process.transport->drop_all();
  drain(process);
  process.program.reset();
  drain(process);
  process.transport.reset();
  process.env.reset();
  process.open_crashes.clear();
  if (!process.restart_after) return;
  const Duration delay = *std::exchange(process.restart_after, std::nullopt);
  schedule(delay, [this, name = process.name] {
    Process* again = find(name);
    if (again && !again->env) start(*again);
  });
}

void World::drain(Process& process) {
  Process* const before = std::exchange(running_, &process);
  int steps = 0;
  for (bool progress = true; progress;) {
    progress = false;
    // From within: Asio forwards a cancellation by a post when it comes from outside, and the task may have
    // ended by then.
    SimEnv* const env = process.env.get();
    env->post([env] { env->cancel_all_tasks(); });
    bool posted = true;
    for (;;) {
      if (++steps > kMostDrainSteps)
        throw std::logic_error("process " + process.name + " does not end when cancelled");
      try {
        if (!process.env->poll_one()) break;
      } catch (const ProcessDied&) {
      }
      if (!std::exchange(posted, false)) progress = true;
    }
  }
  running_ = before;
}

bool World::run_handler(Process& process) {
  Process* const before = std::exchange(running_, &process);
  bool ran = false;
  try {
    ran = process.env->poll_one();
  } catch (const ProcessDied&) {
    ran = true;
    doom(process, process.respawn);
  }
  running_ = before;
  if (process.doomed || (process.crash_when_quiet && !ran)) {
    process.doomed = false;
    reap(process);
    return true;
  }
  return ran;
}

bool World::run_ready() {
  order_.clear();
  for (const auto& [name, process] : processes_) {
    if (!process->running() || process->paused) continue;
    // A process that is about to die after an answer comes first: nothing else may happen in between.
    if (process->crash_when_quiet) return run_handler(*process);
    order_.push_back(process.get());
  }
  for (std::size_t left = order_.size(); left > 0; --left) {
    std::swap(order_[random() % left], order_[left - 1]);
    if (run_handler(*order_[left - 1])) return true;
  }
  return false;
}

bool World::step() {
  if (run_ready()) return true;
  if (events_.empty()) return false;
  const auto first = events_.begin();
  time_ = std::max(time_, first->first.first);
  due_.erase(first->first.second);
  const auto callback = std::move(first->second);
  events_.erase(first);
  callback();
  return true;
}

void World::run_for(Duration duration) {
  const Duration end = time_ + duration;
  for (;;) {
    if (run_ready()) continue;
    if (events_.empty() || events_.begin()->first.first > end) break;
    step();
  }
  time_ = std::max(time_, end);
}

bool World::run_until(const std::function<bool()>& done, Duration limit) {
  const Duration end = time_ + limit;
  while (!done()) {
    if (run_ready()) continue;
    if (events_.empty() || events_.begin()->first.first > end) return false;
    step();
  }
  return true;
}

World::EventId World::schedule(Duration delay, std::function<void()> callback) {
  const EventId id = next_event_++;
  const Duration due = time_ + std::max(delay, Duration(0));
  events_.emplace(std::pair(due, id), std::move(callback));
  due_.emplace(id, due);
  return id;
}

void World::cancel(EventId event) {
  const auto it = due_.find(event);
  if (it == due_.end()) return;
  events_.erase({it->second, event});
  due_.erase(it);
}

}  // namespace llmops::simulation
