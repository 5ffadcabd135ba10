// Implementation of with_timeout (env.hpp). `||` of awaitables is unsafe across threads in Boost 1.81 and
// says nothing about who joins; here the child is always joined before the caller goes on.
#pragma once

namespace llmops {

template <class T>
Task<Result<T>> with_timeout(Env& env, Duration limit, Task<Result<T>> task) {
  struct Outcome {
    std::optional<Result<T>> result;
    Notify finished;
  };
  auto outcome = std::make_shared<Outcome>();
  // A free-standing coroutine: its parameters, unlike a lambda's captures, live as long as it does.
  struct Child {
    static Task<void> run(Task<Result<T>> inner, std::shared_ptr<Outcome> into) {
      into->result.emplace(co_await std::move(inner));
      into->finished.notify_all();
    }
  };
  TaskHandle child = env.spawn("with_timeout", Child::run(std::move(task), outcome));
  // A child that needed no wait has its result already and notified nobody; `done` comes a turn later.
  if (!outcome->result) {
    const Wake wake = co_await env.wait(outcome->finished, limit);
    if (!outcome->result) {
      child.cancel();
      co_await child.join();
      if (wake == Wake::Cancelled) co_return Error{ErrorCode::Cancelled, "cancelled"};
      co_return Error{ErrorCode::DeadlineExceeded, "no answer within " + format_duration(limit)};
    }
  }
  co_return std::move(*outcome->result);
}

}  // namespace llmops
