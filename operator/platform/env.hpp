// The seam to time, randomness and concurrency.
//
// One Env belongs to one thread; everything spawned on it runs there, one piece at a time, so no locks are
// needed above it. The real Env is in operator/platform/real/, the simulated one in tests/simulation/.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"
#include "crds/base/time.hpp"
#include "operator/platform/task.hpp"

namespace llmops {

enum class Wake { Notified, TimedOut, Cancelled };

// A condition that Tasks of one Env wait for. notify_all() wakes everyone who waits now; it does not
// remember: look at your state first, then wait.
class Notify {
 public:
  Notify();
  ~Notify();
  Notify(const Notify&) = delete;
  Notify& operator=(const Notify&) = delete;
  void notify_all();

 private:
  friend class Env;
  struct Waiters;
  std::shared_ptr<Waiters> waiters_;
};

// A running child. Dropping the handle neither stops nor joins it; whoever must outlive a child joins it.
class TaskHandle {
 public:
  struct State;
  TaskHandle() = default;
  // Asks the child to stop: what it awaits returns Cancelled. Safe to call at any time on the Env's thread.
  void cancel();
  bool done() const;
  // Returns when the child has ended.
  Task<void> join();

 private:
  friend class Env;
  std::shared_ptr<State> state_;
};

class Env {
 public:
  using TimerId = std::uint64_t;

  virtual ~Env() = default;

  // Wall clock; may jump.
  virtual Timestamp now() const = 0;
  // Time since some start; never jumps, goes on while the machine sleeps (CLOCK_BOOTTIME).
  virtual Duration uptime() const = 0;
  virtual std::uint64_t random() = 0;
  virtual boost::asio::any_io_executor executor() = 0;
  // Calls back once on this thread, unless cancelled before.
  virtual TimerId call_after(Duration delay, std::function<void()> callback) = 0;
  virtual void cancel_timer(TimerId timer) = 0;
  // Ends the process at once (a lease that cannot be kept, a broken invariant). The message is logged.
  [[noreturn]] virtual void die(std::string_view why) = 0;

  // Waits; Cancelled when the task was cancelled meanwhile.
  Task<Result<void>> sleep(Duration delay);
  // Waits for a notification, for at most `timeout` when there is one.
  Task<Wake> wait(Notify& notify, std::optional<Duration> timeout = std::nullopt);
  // Starts a child. An exception that leaves it ends the process: exceptions mean bugs.
  TaskHandle spawn(std::string name, Task<void> task);
  // `base` plus up to `fraction` of it, so that equal waits do not line up.
  Duration jittered(Duration base, double fraction);
  // Cancels every task that was spawned here. Whoever ends a world drains its executor afterwards.
  void cancel_all_tasks();
  // Whether a task that was spawned here has not ended yet.
  bool has_tasks() const;

 private:
  friend class TaskHandle;
  Task<Wake> suspend(Notify& notify, std::optional<Duration> timeout, bool cancellable);

  std::vector<std::weak_ptr<TaskHandle::State>> tasks_;
  std::size_t tidy_tasks_at_ = 64;  // ended tasks are forgotten now and then, not at every spawn
};

// Runs `task` for at most `limit`; then cancels it, waits for its end and returns DeadlineExceeded.
template <class T>
Task<Result<T>> with_timeout(Env& env, Duration limit, Task<Result<T>> task);

}  // namespace llmops

#include "operator/platform/with_timeout.ipp"  // IWYU pragma: keep
