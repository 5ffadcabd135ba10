// The Env of one simulated process: virtual time, seeded randomness, an executor that the world turns.
#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <string>

#include "operator/platform/env.hpp"

namespace llmops::simulation {

class World;

// What die() throws: nothing after it runs in that process, and the world reaps it.
struct ProcessDied {
  std::string why;
};

class SimEnv final : public Env {
 public:
  SimEnv(World& world, std::string process, std::uint64_t seed);
  ~SimEnv() override;

  Timestamp now() const override;
  Duration uptime() const override;
  std::uint64_t random() override;
  boost::asio::any_io_executor executor() override;
  TimerId call_after(Duration delay, std::function<void()> callback) override;
  void cancel_timer(TimerId timer) override;
  [[noreturn]] void die(std::string_view why) override;

  const std::string& process() const { return process_; }
  // False from the moment of death: what the process still does while it is taken down has no effect.
  bool alive() const { return alive_; }
  // Runs one ready handler; false when none is ready. May throw ProcessDied.
  bool poll_one();
  // Runs `callback` on this process, after the handlers that are ready now.
  void post(std::function<void()> callback);
  // How far this process' wall clock is off, and how fast its clocks go.
  void set_clock(Duration skew, double rate);
  void skew(Duration by) { skew_ = by; }

 private:
  friend class World;
  struct Timer;

  World& world_;
  std::string process_;
  std::uint64_t random_state_;
  Duration local_time() const;
  Duration skew_{0};
  double rate_ = 1;
  Duration rate_since_{0}, local_then_{0};  // the world's time and ours when the rate was set
  bool alive_ = true;
  TimerId next_timer_ = 1;
  std::map<TimerId, std::shared_ptr<Timer>> timers_;
  boost::asio::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};  // one thread: nothing to lock
};

}  // namespace llmops::simulation
