// A simulated world: processes, virtual time, a network, and plans of what goes wrong.
//
// Nothing here is concurrent: the world runs one ready handler of one process at a time (which one, the seed
// decides) and advances time only when no process has anything to do.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "operator/platform/transport.hpp"
#include "tests/simulation/world/sim_env.hpp"

namespace llmops::simulation {

// What a process owns. Built by its factory at every start; it spawns its tasks on the Env it was given.
class Program {
 public:
  virtual ~Program() = default;
};
using Start = std::function<std::unique_ptr<Program>(SimEnv&, Transport&)>;

struct WorldOptions {
  std::uint64_t seed = 1;
  Duration min_latency{1};  // of one message, one way
  Duration max_latency{5};
  Timestamp start{std::chrono::seconds{1'767'225'600}};  // 2026-01-01T00:00:00Z
};

// Where a process dies, seen from one of its writes to the API server.
enum class CrashPoint {
  BeforeSend,     // the write never leaves
  AfterCommit,    // the server did it; the answer never arrives
  AfterResponse,  // the answer arrives; the process dies before it does anything else outside itself
};
std::string_view to_string(CrashPoint point);

struct Crash {
  int write = 1;  // the k-th counted write of the process, over all its starts
  CrashPoint point = CrashPoint::BeforeSend;
  std::optional<Duration> restart_after = Duration(1'000);  // nullopt: stays dead
};

// Stops a process in one of its writes as SIGSTOP does: what it has sent arrives, what comes to it waits.
// BeforeSend: the write is as long under way as its process stands still.
struct Stall {
  int write = 1;
  CrashPoint point = CrashPoint::BeforeSend;  // AfterResponse is as AfterCommit
  Duration duration{40'000};
};

// One mutating request to the API server.
struct WriteRecord {
  std::string process;
  std::string verb;      // POST PUT PATCH DELETE
  std::string resource;  // "configmaps", "deployments/scale"
  std::string ns, name;
  int status = 0;  // 0: no answer was made (yet)
  Duration at{0};
  std::string to_string() const;  // "PUT deployments/scale default/a"
};

// What happens to one request. Lost messages show as a reset connection; Hang as silence until a time-out.
enum class Fault { None, Refused, RequestLost, ResponseLost, Hang };
using FaultHook = std::function<Fault(const std::string& from, const std::string& to, const HttpRequest&)>;

struct Process;
struct Connection;

class World {
 public:
  explicit World(WorldOptions options = {});
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const WorldOptions& options() const { return options_; }
  Duration time() const { return time_; }
  std::uint64_t random();

  // Starts a process at once. It is reachable under its name and every name routed to it.
  void add_process(std::string name, Start start);
  // `host` (a DNS name or an IP) leads to this process from now on.
  void route(std::string host, std::string process);
  void unroute(const std::string& host);
  // Ends a process as SIGKILL does; its connections are reset. May be called from a running handler.
  void kill(const std::string& name);
  // Starts it again by its factory (killing it first where it runs).
  void restart(const std::string& name);
  // A process that ends itself by die() starts again after this time, as a pod does; nullopt (at first):
  // never.
  void respawn(const std::string& name, std::optional<Duration> after);
  // As SIGSTOP and SIGCONT: nothing of the process runs, what arrives meanwhile waits.
  void pause(const std::string& name);
  void resume(const std::string& name);
  bool paused(const std::string& name) const;
  // From its next start on: how far its wall clock is off, and how fast its clocks go.
  void set_clock(const std::string& name, Duration skew, double rate);
  bool alive(const std::string& name) const;
  int starts(const std::string& name) const;
  // Of a living process.
  SimEnv& env(const std::string& name);
  template <class T>
  T& program(const std::string& name) {
    return dynamic_cast<T&>(program_of(name));
  }
  // Why a process ended itself by die(), in order.
  const std::vector<std::string>& deaths() const { return deaths_; }

  // Runs one handler, or advances time to the next event; false when nothing is left to happen.
  bool step();
  void run_for(Duration duration);
  // Runs until `done`; false when `limit` passed first. `done` is looked at after every handler.
  bool run_until(const std::function<bool()>& done, Duration limit);

  // Writes to the API server. Leases and Events are neither counted nor logged: they are not acts of a
  // controller, and their number depends on time alone.
  void write_plan(const std::string& process, std::vector<Crash> crashes);
  // Takes effect once.
  void stall_plan(const std::string& process, Stall stall);
  int writes(const std::string& process) const;
  const std::vector<WriteRecord>& write_log() const { return write_log_; }
  void clear_write_log() {
    write_log_start_ += write_log_.size();
    write_log_.clear();
  }
  // Crashes of plans that have happened.
  int crashes() const { return crashes_; }
  int stalls() const { return stalls_; }

  void set_faults(FaultHook hook) { faults_ = std::move(hook); }

  // The world's own events; the callback runs outside every process.
  using EventId = std::uint64_t;
  EventId schedule(Duration delay, std::function<void()> callback);
  void cancel(EventId event);

 private:
  friend class SimEnv;
  friend class SimTransport;
  friend class SimExchange;
  friend class SimServer;
  friend class SimBody;

  Program& program_of(const std::string& name);
  Process* find(const std::string& name) const;
  Process* resolve(const std::string& host) const;
  bool run_ready();
  bool run_handler(Process& process);
  void start(Process& process);
  void reap(Process& process);
  void drain(Process& process);
  void note_death(const std::string& process, std::string why);
  Duration latency();
  // Numbers a write and says whether the process dies here; `record` is its number in the log.
  bool crashes_before_send(Process& process, const HttpRequest& request, std::optional<std::size_t>& record);
  // How long the write that was just numbered is under way; stops the process where it stalls here.
  Duration stall(Process& process, std::optional<std::size_t> record);
  // False: the process died instead of getting the answer.
  bool answer_arrives(Process& process, std::optional<std::size_t> record);
  void note_answer(std::optional<std::size_t> record, int status);
  void doom(Process& process, std::optional<Duration> restart_after);

  WorldOptions options_;
  Duration time_{0};
  std::uint64_t random_state_;
  EventId next_event_ = 1;
  std::map<std::pair<Duration, EventId>, std::function<void()>> events_;
  std::map<EventId, Duration> due_;
  std::map<std::string, std::unique_ptr<Process>> processes_;
  std::vector<Process*> order_;  // in which run_ready() asks them
  std::map<std::string, std::string> hosts_;
  std::vector<std::string> deaths_;
  std::vector<WriteRecord> write_log_;
  std::size_t write_log_start_ = 0;  // records have numbers that outlast clear_write_log()
  FaultHook faults_;
  Process* running_ = nullptr;
  int crashes_ = 0, stalls_ = 0;
};

}  // namespace llmops::simulation
