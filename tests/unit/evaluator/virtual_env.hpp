// An Env on virtual time: when nothing can run, the clock jumps to the next timer.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <map>
#include <random>

#include "operator/platform/env.hpp"

namespace llmops::testing_support {

class VirtualEnv final : public Env {
 public:
  ~VirtualEnv() override {
    cancel_all_tasks();
    context_.restart();
    context_.poll();
  }

  Timestamp now() const override { return Timestamp(Duration(1'795'000'000'000) + uptime_); }
  Duration uptime() const override { return uptime_; }
  std::uint64_t random() override { return random_(); }
  boost::asio::any_io_executor executor() override { return context_.get_executor(); }
  TimerId call_after(Duration delay, std::function<void()> callback) override {
    const TimerId id = ++last_timer_;
    timers_.emplace(std::pair(uptime_ + std::max(delay, Duration(0)), id), std::move(callback));
    return id;
  }
  void cancel_timer(TimerId timer) override {
    std::erase_if(timers_, [&](const auto& entry) { return entry.first.second == timer; });
  }
  [[noreturn]] void die(std::string_view) override { std::abort(); }

  // Runs until `task` has ended; false when it waits for something that never comes.
  bool run(Task<void> task) {
    const TaskHandle handle = spawn("test", std::move(task));
    while (true) {
      context_.restart();
      while (context_.poll() > 0) {
      }
      if (handle.done()) return true;
      if (timers_.empty()) return false;
      auto first = timers_.extract(timers_.begin());
      uptime_ = first.key().first;
      first.mapped()();
    }
  }

 private:
  boost::asio::io_context context_{1};
  Duration uptime_{1'000};
  TimerId last_timer_ = 0;
  std::map<std::pair<Duration, TimerId>, std::function<void()>> timers_;
  std::mt19937_64 random_{42};
};

}  // namespace llmops::testing_support
