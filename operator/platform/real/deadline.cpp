#include "operator/platform/real/deadline.hpp"

#include <utility>

namespace llmops {

Deadline::Deadline(boost::asio::any_io_executor executor, std::function<void()> expired)
    : timer_(std::move(executor)), expired_(std::move(expired)) {}

void Deadline::set(Duration limit) {
  due_ = Clock::now() + limit;
  if (due_ < armed_) arm();
}

void Deadline::arm() {
  armed_ = due_;
  timer_.expires_at(armed_);
  timer_.async_wait([this, owner = owner_](boost::system::error_code aborted) {
    const auto keep = owner.lock();
    if (!keep || aborted) return;
    armed_ = kNever;
    if (due_ == kNever) return;
    if (Clock::now() < due_) return arm();
    due_ = kNever;
    expired_();
  });
}

}  // namespace llmops
