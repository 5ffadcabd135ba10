#include "operator/platform/env.hpp"

#include <algorithm>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <list>
#include <utility>

namespace llmops {

namespace asio = boost::asio;

// One suspended wait(). Whoever comes first (notification, timer, cancellation) completes it; the others
// find it completed.
struct PendingWait {
  Env* env = nullptr;
  std::function<void(Wake)> complete;
  Env::TimerId timer = 0;
  bool completed = false;

  void finish(Wake wake) {
    if (completed) return;
    completed = true;
    if (timer) env->cancel_timer(timer);
    std::exchange(complete, nullptr)(wake);
  }
};

struct Notify::Waiters {
  std::list<std::shared_ptr<PendingWait>> waiting;
};

Notify::Notify() : waiters_(std::make_shared<Waiters>()) {}
Notify::~Notify() = default;

void Notify::notify_all() {
  const auto woken = std::exchange(waiters_->waiting, {});
  for (const auto& wait : woken) wait->finish(Wake::Notified);
}

struct TaskHandle::State {
  std::string name;
  asio::cancellation_signal stop;
  Notify ended;
  Env* env = nullptr;
  bool begun = false, done = false;
  bool cancel_at_begin = false;

  // A task that has not begun yet still runs, and finds itself cancelled at its first wait.
  void cancel() {
    if (done) return;
    if (!begun) {
      cancel_at_begin = true;
      return;
    }
    stop.emit(asio::cancellation_type::terminal);
  }
};

void TaskHandle::cancel() {
  if (state_) state_->cancel();
}

bool TaskHandle::done() const {
  return !state_ || state_->done;
}

Task<void> TaskHandle::join() {
  const auto state = state_;
  // Not cancellable: a joiner that was cancelled itself still waits for its child, and does not spin.
  while (state && !state->done) co_await state->env->suspend(state->ended, std::nullopt, false);
}

Task<Wake> Env::wait(Notify& notify, std::optional<Duration> timeout) {
  // A task that was cancelled before would otherwise wait for a cancellation that has already come.
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) co_return Wake::Cancelled;
  co_return co_await suspend(notify, timeout, true);
}

Task<Wake> Env::suspend(Notify& notify, std::optional<Duration> timeout, bool cancellable) {
  const auto waiters = notify.waiters_;
  const auto initiate = [this, waiters, timeout, cancellable](auto handler) {
    auto pending = std::make_shared<PendingWait>();
    auto slot = asio::get_associated_cancellation_slot(handler);
    auto shared_handler = std::make_shared<decltype(handler)>(std::move(handler));
    pending->env = this;
    pending->complete = [this, shared_handler](Wake wake) {
      // Posted, never called inline: whoever notifies must not run the waiter inside its own stack.
      asio::post(executor(), [shared_handler, wake]() mutable { std::move (*shared_handler)(wake); });
    };
    waiters->waiting.remove_if([](const auto& wait) { return wait->completed; });
    waiters->waiting.push_back(pending);
    if (timeout) {
      pending->timer = call_after(*timeout, [pending] {
        pending->timer = 0;
        pending->finish(Wake::TimedOut);
      });
    }
    if (cancellable && slot.is_connected())
      slot.assign([pending](asio::cancellation_type) { pending->finish(Wake::Cancelled); });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(Wake)>(initiate,
                                                                                      asio::use_awaitable);
}

Task<Result<void>> Env::sleep(Duration delay) {
  Notify never;
  if (co_await wait(never, delay) == Wake::Cancelled) co_return Error{ErrorCode::Cancelled, "cancelled"};
  co_return Result<void>();
}

namespace {

// Cancellation shows as Cancelled results, not as exceptions out of co_await.
Task<void> without_cancellation_exceptions(Task<void> task, std::shared_ptr<TaskHandle::State> state) {
  co_await asio::this_coro::throw_if_cancelled(false);
  state->begun = true;
  if (state->cancel_at_begin) state->cancel();
  co_await std::move(task);
}

// A handler type of our own, without an associated executor: then co_spawn forwards a cancellation at once.
// For any other handler Boost 1.81 dispatches it, and it may arrive after the task and its signal have gone.
struct TaskEnd {
  using cancellation_slot_type = asio::cancellation_slot;
  std::shared_ptr<TaskHandle::State> state;

  cancellation_slot_type get_cancellation_slot() const noexcept { return state->stop.slot(); }
  void operator()(std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
    state->done = true;
    state->ended.notify_all();
  }
};

}  // namespace

TaskHandle Env::spawn(std::string name, Task<void> task) {
  TaskHandle handle;
  handle.state_ = std::make_shared<TaskHandle::State>();
  handle.state_->name = std::move(name);
  handle.state_->env = this;
  const auto state = handle.state_;
  if (tasks_.size() >= tidy_tasks_at_) {
    std::erase_if(tasks_, [](const auto& weak) { return weak.expired(); });
    tidy_tasks_at_ = 2 * tasks_.size() + 64;
  }
  tasks_.push_back(state);
  asio::co_spawn(executor(), without_cancellation_exceptions(std::move(task), state), TaskEnd{state});
  return handle;
}

void Env::cancel_all_tasks() {
  const auto tasks = tasks_;
  for (const auto& weak : tasks)
    if (const auto state = weak.lock()) state->cancel();
}

bool Env::has_tasks() const {
  return std::any_of(tasks_.begin(), tasks_.end(), [](const auto& weak) {
    const auto state = weak.lock();
    return state && !state->done;
  });
}

Duration Env::jittered(Duration base, double fraction) {
  const double unit = static_cast<double>(random() >> 11) * 0x1.0p-53;
  return base + Duration(static_cast<Duration::rep>(static_cast<double>(base.count()) * fraction * unit));
}

}  // namespace llmops
