// A deadline that is cheap to move: setting it later costs no timer operation.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "crds/base/time.hpp"

namespace llmops {

// The owner's `expired` is called once when the deadline passes, never after the owner has gone.
class Deadline {
 public:
  Deadline(boost::asio::any_io_executor executor, std::function<void()> expired);

  // The owner, once a shared_ptr to it exists.
  void own(std::weak_ptr<void> owner) { owner_ = std::move(owner); }
  // From now; replaces what was set before.
  void set(Duration limit);
  void clear() { due_ = kNever; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::time_point kNever = Clock::time_point::max();
  void arm();

  boost::asio::steady_timer timer_;
  std::function<void()> expired_;
  std::weak_ptr<void> owner_;
  Clock::time_point due_ = kNever;
  Clock::time_point armed_ = kNever;  // when the timer fires; at or before due_ while that is set
};

}  // namespace llmops
