#include "operator/runtime/queue.hpp"

#include <algorithm>

namespace llmops {
namespace {

constexpr Duration kFirstBackoff{50};
constexpr Duration kLongestBackoff{300'000};
constexpr int kMostDoublings = 16;  // beyond it the longest back-off holds; keeps the shift in range

}  // namespace

void WorkQueue::make_ready(const kube::ObjectKey& key) {
  drop_delay(key);
  if (!queued_.insert(key).second) return;
  ready_.emplace(order_++, key);
  changed_.notify_all();
}

void WorkQueue::drop_delay(const kube::ObjectKey& key) {
  const auto it = delayed_.find(key);
  if (it == delayed_.end()) return;
  env_.cancel_timer(it->second);
  delayed_.erase(it);
  delayed_due_.erase(key);
}

void WorkQueue::add(const kube::ObjectKey& key) {
  if (stopped_) return;
  if (working_.contains(key)) {
    again_.insert(key);
  } else {
    make_ready(key);
  }
}

void WorkQueue::add_after(const kube::ObjectKey& key, Duration delay) {
  if (stopped_ || queued_.contains(key)) return;
  if (delay <= Duration(0)) return add(key);
  const Timestamp due{env_.uptime() + delay};
  const auto known = delayed_due_.find(key);
  if (known != delayed_due_.end() && known->second <= due) return;
  drop_delay(key);
  delayed_due_[key] = due;
  delayed_[key] = env_.call_after(delay, [this, key] {
    delayed_.erase(key);
    delayed_due_.erase(key);
    add(key);
  });
}

Duration WorkQueue::add_failed(const kube::ObjectKey& key) {
  const int failures = std::min(failures_[key]++, kMostDoublings);
  const Duration delay = std::min(kFirstBackoff * (1 << failures), kLongestBackoff);
  add_after(key, delay);
  return delay;
}

void WorkQueue::forget(const kube::ObjectKey& key) {
  failures_.erase(key);
}

Task<std::optional<kube::ObjectKey>> WorkQueue::next() {
  for (;;) {
    if (stopped_) co_return std::nullopt;
    if (!ready_.empty()) {
      const auto first = ready_.begin();
      const kube::ObjectKey key = first->second;
      ready_.erase(first);
      queued_.erase(key);
      working_.insert(key);
      co_return key;
    }
    if (co_await env_.wait(changed_) == Wake::Cancelled) co_return std::nullopt;
  }
}

void WorkQueue::done(const kube::ObjectKey& key) {
  working_.erase(key);
  if (again_.erase(key) > 0 && !stopped_) make_ready(key);
}

void WorkQueue::shut_down() {
  stopped_ = true;
  for (const auto& [key, timer] : delayed_) env_.cancel_timer(timer);
  delayed_.clear();
  delayed_due_.clear();
  ready_.clear();
  queued_.clear();
  again_.clear();
  changed_.notify_all();
}

}  // namespace llmops
