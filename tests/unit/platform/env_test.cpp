#include <csignal>
#include <thread>

#include "loopback.hpp"

namespace llmops {
namespace {

using LoopTest = Loopback;

Task<Result<int>> never(Env& env, bool& cancelled) {
  Notify nothing;
  cancelled = co_await env.wait(nothing) == Wake::Cancelled;
  co_return Error{ErrorCode::Cancelled, "cancelled"};
}

Task<void> limited(Env& env, Duration limit, bool& cancelled, Result<int>& result) {
  result = co_await with_timeout(env, limit, never(env, cancelled));
}

TEST_F(LoopTest, ATimeoutCancelsItsTaskAndWaitsForItsEnd) {
  bool cancelled = false;
  Result<int> result = 0;
  loop_.run_until_done("limited", limited(loop_.env(), Duration(5), cancelled, result));
  EXPECT_TRUE(cancelled);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::DeadlineExceeded);
}

Task<void> cancel_the_waiter(Env& env, bool& cancelled, Result<int>& result) {
  TaskHandle waiter = env.spawn("limited", limited(env, Duration(60'000), cancelled, result));
  waiter.cancel();
  co_await waiter.join();
}

TEST_F(LoopTest, CancellingWhoeverWaitsWithATimeoutCancelsTheInnerTaskToo) {
  bool cancelled = false;
  Result<int> result = 0;
  loop_.run_until_done("cancel", cancel_the_waiter(loop_.env(), cancelled, result));
  EXPECT_TRUE(cancelled);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::Cancelled);
}

Task<void> note_cancellation(Env& env, bool& begun, bool& cancelled) {
  begun = true;
  const auto slept = co_await env.sleep(Duration(60'000));
  cancelled = !slept.ok();
}

TEST_F(LoopTest, ATaskCancelledBeforeItBeginsStillRunsAndFindsItselfCancelled) {
  bool begun = false, cancelled = false;
  TaskHandle task = loop_.env().spawn("early", note_cancellation(loop_.env(), begun, cancelled));
  EXPECT_FALSE(begun);
  task.cancel();
  struct Join {
    static Task<void> run(TaskHandle of) { co_await of.join(); }
  };
  loop_.run_until_done("join", Join::run(task));
  EXPECT_TRUE(begun);
  EXPECT_TRUE(cancelled);
}

// Ends only after it was cancelled and has slept over it in a task of its own.
Task<void> reluctant(Env& env, Notify& finish, bool& ended) {
  Notify nothing;
  std::ignore = co_await env.wait(nothing);
  struct Last {
    static Task<void> run(Env& on, Notify& until) { std::ignore = co_await on.wait(until); }
  };
  TaskHandle last = env.spawn("last", Last::run(env, finish));
  co_await last.join();
  ended = true;
}
Task<void> join_while_cancelled(Env& env, Notify& finish, bool& ended) {
  struct Joiner {
    static Task<void> run(Env& on, TaskHandle child) {
      child.cancel();
      co_await child.join();
      EXPECT_TRUE(child.done());
      (void)on;
    }
  };
  TaskHandle child = env.spawn("reluctant", reluctant(env, finish, ended));
  TaskHandle joiner = env.spawn("joiner", Joiner::run(env, child));
  joiner.cancel();
  env.call_after(Duration(5), [&finish] { finish.notify_all(); });
  co_await joiner.join();
  EXPECT_TRUE(ended);
}

TEST_F(LoopTest, AJoinerThatWasCancelledItselfStillWaitsForItsChild) {
  Notify finish;
  bool ended = false;
  loop_.run_until_done("join", join_while_cancelled(loop_.env(), finish, ended));
}

TEST_F(LoopTest, TimersFireInOrderUnlessCancelled) {
  std::string fired;
  loop_.env().call_after(Duration(3), [&] {
    fired += "c";
    loop_.stop();
  });
  loop_.env().call_after(Duration(1), [&] { fired += "a"; });
  const auto cancelled = loop_.env().call_after(Duration(2), [&] { fired += "b"; });
  loop_.env().cancel_timer(cancelled);
  loop_.run();
  EXPECT_EQ(fired, "ac");
}

TEST_F(LoopTest, WorkPostedByAnotherThreadRunsOnTheLoop) {
  std::thread::id ran;
  std::thread other([&] {
    loop_.post([&] {
      ran = std::this_thread::get_id();
      loop_.stop();
    });
  });
  loop_.run();
  other.join();
  EXPECT_EQ(ran, std::this_thread::get_id());
}

TEST_F(LoopTest, SignalsArriveOnTheLoopEveryTime) {
  int count = 0;
  loop_.on_signal({SIGUSR1}, [&](int signal) {
    EXPECT_EQ(signal, SIGUSR1);
    if (++count == 2) return loop_.stop();
    std::raise(SIGUSR1);
  });
  std::raise(SIGUSR1);
  loop_.run();
  EXPECT_EQ(count, 2);
}

TEST_F(LoopTest, ALoopThatGoesAwayEndsItsTasks) {
  bool cancelled = false;
  Result<int> result = 0;
  {
    Loop loop;
    loop.env().spawn("left over", limited(loop.env(), Duration(60'000), cancelled, result));
  }
  EXPECT_TRUE(cancelled);
}

TEST(LoopDeathTest, DyingEndsTheProcessWithItsOwnStatus) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(Loop().env().die("the lease is lost"), testing::ExitedWithCode(70), "");
}

}  // namespace
}  // namespace llmops
