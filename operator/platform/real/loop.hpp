// One thread's world on real clocks and sockets.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>

#include "operator/platform/env.hpp"
#include "operator/platform/transport.hpp"

namespace llmops {

// Owns the event loop, its Env and its Transport. Everything but post() and stop() belongs to the thread that
// calls run(). Servers are dropped before the Loop. A handler that was cancelled still has to run to its end,
// on this loop: drain a server before you drop what its handlers use.
class Loop {
 public:
  Loop();
  // Cancels every task that is left and lets it end.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Env& env();
  Transport& transport();

  // Runs until stop(), also when there is nothing to do.
  void run();
  // Runs until this task has ended.
  void run_until_done(std::string name, Task<void> task);
  // From any thread.
  void stop();
  // From any thread: calls back on this loop's thread.
  void post(std::function<void()> callback);
  // Calls back on this thread for each of these signals, every time.
  void on_signal(std::initializer_list<int> signals, std::function<void(int signal)> callback);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace llmops
