#include "operator/runtime/queue.hpp"

#include "fixtures.hpp"

namespace llmops {
namespace {

struct QueueTest : kube::ClusterTest {
  WorkQueue queue{probe.env};
  const kube::ObjectKey a{"n", "a"}, b{"n", "b"};

  // The next key's name, or "-" when none comes within a second.
  std::string next() {
    auto taken = with_timeout(probe.env, Duration(1'000), take(&queue));
    const auto key = await(std::move(taken));
    return key.ok() ? key->name : "-";
  }
  static Task<Result<kube::ObjectKey>> take(WorkQueue* from) {
    const auto key = co_await from->next();
    if (!key) co_return Error{ErrorCode::Cancelled, "none"};
    co_return *key;
  }
};

TEST_F(QueueTest, a_key_is_queued_once_and_keys_come_in_order) {
  queue.add(a);
  queue.add(b);
  queue.add(a);
  EXPECT_EQ(queue.depth(), 2u);
  EXPECT_EQ(next() + next() + next(), "ab-");
}

TEST_F(QueueTest, a_key_in_work_is_not_handed_out_again_until_it_is_done_and_then_once) {
  queue.add(a);
  EXPECT_EQ(next(), "a");
  queue.add(a);
  queue.add(a);
  EXPECT_EQ(next(), "-");
  queue.done(a);
  EXPECT_EQ(next(), "a");
  queue.done(a);
  EXPECT_EQ(next(), "-");
}

TEST_F(QueueTest, of_several_due_times_the_earliest_wins) {
  queue.add_after(a, Duration(50'000));
  queue.add_after(a, Duration(10'000));
  queue.add_after(a, Duration(90'000));
  world.run_for(Duration(9'900));
  EXPECT_EQ(queue.depth(), 0u);
  world.run_for(Duration(200));
  EXPECT_EQ(queue.depth(), 1u);
  EXPECT_EQ(next(), "a");
  queue.done(a);
  world.run_for(Duration(100'000));
  EXPECT_EQ(queue.depth(), 0u) << "a later due time came as well";
}

TEST_F(QueueTest, an_addition_now_beats_a_delay) {
  queue.add_after(a, Duration(50'000));
  queue.add(a);
  EXPECT_EQ(next(), "a");
  queue.done(a);
  world.run_for(Duration(60'000));
  EXPECT_EQ(queue.depth(), 0u);
}

TEST_F(QueueTest, a_delay_that_ends_while_the_key_is_in_work_runs_it_once_more) {
  queue.add(a);
  EXPECT_EQ(next(), "a");
  queue.add_after(a, Duration(100));
  world.run_for(Duration(200));
  EXPECT_EQ(queue.depth(), 0u);
  queue.done(a);
  EXPECT_EQ(next(), "a");
}

TEST_F(QueueTest, failures_back_off_from_50_ms_doubling_to_five_minutes_until_forgotten) {
  std::string delays;
  for (int i = 0; i < 15; ++i) {
    delays += std::to_string(queue.add_failed(a).count()) + " ";
    world.run_for(std::chrono::minutes(6));
    EXPECT_EQ(next(), "a");
    queue.done(a);
  }
  EXPECT_EQ(delays, "50 100 200 400 800 1600 3200 6400 12800 25600 51200 102400 204800 300000 300000 ");
  queue.forget(a);
  EXPECT_EQ(queue.add_failed(a), Duration(50));
}

TEST_F(QueueTest, shutting_down_ends_who_waits_and_takes_nothing_more) {
  bool ended = false;
  struct Waiter {
    static Task<void> run(WorkQueue* queue, bool* ended) {
      const auto key = co_await queue->next();
      *ended = !key.has_value();
    }
  };
  probe.env.spawn("waiter", Waiter::run(&queue, &ended));
  queue.add_after(b, Duration(100));
  world.run_for(Duration(10));
  queue.shut_down();
  queue.add(a);
  world.run_for(Duration(1'000));
  EXPECT_TRUE(ended);
  EXPECT_EQ(queue.depth(), 0u);
}

TEST_F(QueueTest, a_queue_that_goes_takes_its_timers_with_it) {
  {
    WorkQueue short_lived(probe.env);
    short_lived.add_after(a, Duration(100));
  }
  world.run_for(Duration(1'000));
}

}  // namespace
}  // namespace llmops
