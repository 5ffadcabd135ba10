#include "operator/runtime/manager.hpp"

#include <set>

#include "cached_config_map.hpp"
#include "fixtures.hpp"
#include "operator/runtime/metrics.hpp"

namespace llmops {
namespace {

using kube::CachedConfigMap;
using kube::ObjectKey;
using simulation::Program;
using simulation::SimEnv;

using ConfigMaps = kube::Cache<CachedConfigMap>;

// Notes what it is asked for and behaves as the test says.
struct Recorder final : Controller {
  Recorder(Env& env_, kube::Client& client_, ConfigMaps& cache_)
      : env(env_), client(client_), cache(cache_) {}
  std::string name() const override { return "recorder"; }
  void watch(WorkQueue& queue) override {
    cache.listen(
        [&queue](const auto& before, const auto& after) { queue.add((after ? after : before)->meta.key()); });
  }
  Task<Result<ReconcileOutcome>> reconcile(ObjectKey key) override {
    overlapped = overlapped || !inside.insert(key).second;
    most = std::max(most, inside.size());
    passes.push_back(key.name);
    const auto object = cache.get(key);
    const std::string value = object ? object->value : "";
    if (stubborn) {
      TaskHandle child = env.spawn("child", sleep_for_hours(env));
      co_await child.join();  // which no cancellation ends
    }
    if (takes > Duration(0)) {
      const Result<void> slept = co_await env.sleep(takes);
      if (!slept.ok()) cancelled = true;
    }
    if (writes && value == "write-me") {
      const auto live = co_await client.get(kube::kConfigMaps, key);
      if (!live.ok()) co_return live.error();
      Json changed = *live;
      changed["data"]["value"] = "written";
      const auto written = co_await client.replace(kube::kConfigMaps, changed);
      if (!written.ok()) co_return written.error();
      own->record(key, cache, string_at(*written, "metadata.resourceVersion"));
    }
    inside.erase(key);
    if (fails > 0) {
      --fails;
      co_return Error{ErrorCode::Unavailable, "as the test said"};
    }
    ReconcileOutcome outcome;
    outcome.requeue_after = requeue_after;
    co_return outcome;
  }

  static Task<void> sleep_for_hours(Env& env) { (void)co_await env.sleep(std::chrono::hours(5)); }

  Env& env;
  kube::Client& client;
  ConfigMaps& cache;
  OwnWrites* own = nullptr;
  std::vector<std::string> passes;
  std::set<ObjectKey> inside;
  std::size_t most = 0;
  bool overlapped = false, cancelled = false, writes = false, stubborn = false;
  Duration takes{0};
  int fails = 0;
  std::optional<Duration> requeue_after;
};

struct Replica final : Program {
  Replica(SimEnv& env_, Transport& transport)
      : env(env_), client(env_, transport, simulation::client_config()) {
    ManagerOptions options;
    options.elector.ns = "default";
    options.elector.identity = env_.process();
    options.metrics = &metrics;
    manager = std::make_unique<Manager>(env, client, options);
    recorder = std::make_shared<Recorder>(env, client, cache);
    recorder->own = &manager->own_writes();
    manager->add_cache(cache);
    manager->add_cache(services);
    manager->add_controller(recorder);
    main = env.spawn("main", run());
  }
  Task<void> run() { end = co_await manager->run(); }
  SimEnv& env;
  kube::Client client;
  ConfigMaps cache{kube::kConfigMaps, "default", {}, kube::project_config_map};
  ConfigMaps services{kube::kServices, "default", {}, kube::project_config_map};  // nobody listens
  Metrics metrics;
  std::unique_ptr<Manager> manager;
  std::shared_ptr<Recorder> recorder;
  TaskHandle main;
  std::optional<RunEnd> end;
};

struct ManagerTest : kube::ClusterTest {
  Replica& add(const std::string& name) {
    world.add_process(
        name, [](SimEnv& env, Transport& transport) { return std::make_unique<Replica>(env, transport); });
    return world.program<Replica>(name);
  }
  int passes(const Replica& replica, const std::string& name) {
    return static_cast<int>(
        std::count(replica.recorder->passes.begin(), replica.recorder->passes.end(), name));
  }
};

TEST_F(ManagerTest, works_on_every_object_once_the_caches_are_full) {
  put("a", "1");
  put("b", "1");
  Replica& replica = add("one");
  world.run_for(Duration(5'000));
  EXPECT_TRUE(replica.manager->ready());
  EXPECT_TRUE(replica.manager->leading());
  EXPECT_TRUE(replica.manager->healthy());
  EXPECT_EQ(replica.recorder->passes, (std::vector<std::string>{"a", "b"}));
  EXPECT_NE(
      replica.metrics.text().find("llmops_reconcile_total{controller=\"recorder\",result=\"success\"} 2"),
      std::string::npos);
}

TEST_F(ManagerTest, nothing_is_done_before_all_caches_are_full) {
  put("a", "1");
  server->inject = [](const HttpRequest& request) -> std::optional<simulation::InjectedAnswer> {
    if (request.path().find("services") == std::string_view::npos) return std::nullopt;
    return simulation::InjectedAnswer{403, {}, ""};
  };
  Replica& replica = add("one");
  world.run_for(std::chrono::minutes(1));
  EXPECT_TRUE(replica.manager->leading());
  EXPECT_FALSE(replica.manager->ready());
  EXPECT_NE(replica.cache.get({"default", "a"}), nullptr);
  EXPECT_TRUE(replica.recorder->passes.empty()) << "one cache is full, the other is not";
  server->inject = nullptr;
  world.run_for(std::chrono::minutes(2));
  EXPECT_EQ(passes(replica, "a"), 1);
}

TEST_F(ManagerTest, one_key_is_never_worked_on_twice_at_a_time_and_several_keys_are) {
  for (const char* name : {"a", "b", "c"}) put(name, "1");
  Replica& replica = add("one");
  replica.recorder->takes = Duration(500);
  for (int i = 0; i < 40; ++i) {
    world.run_for(Duration(100));
    put("a", std::to_string(i));
  }
  EXPECT_FALSE(replica.recorder->overlapped);
  EXPECT_GE(replica.recorder->most, 2u);
  EXPECT_GE(passes(replica, "a"), 5);
  EXPECT_LE(passes(replica, "a"), 10);
}

TEST_F(ManagerTest, a_failure_is_tried_again_later_and_later_and_a_requeue_when_it_asks) {
  put("a", "1");
  Replica& replica = add("one");
  replica.recorder->fails = 4;
  world.run_for(Duration(5'000));
  EXPECT_EQ(passes(replica, "a"), 5);
  replica.recorder->requeue_after = Duration(10'000);
  put("a", "2");
  world.run_for(Duration(35'000));
  EXPECT_EQ(passes(replica, "a"), 9);
}

TEST_F(ManagerTest, a_key_waits_until_the_cache_has_seen_its_own_writes) {
  server->options.watch_lag = Duration(20'000);
  put("a", "write-me");
  Replica& replica = add("one");
  replica.recorder->writes = true;
  replica.recorder->requeue_after = Duration(100);
  ASSERT_TRUE(world.run_until(
      [&] {
        return string_at(*server->store.find(kube::kConfigMaps, {"default", "a"}), "data.value") == "written";
      },
      std::chrono::minutes(1)));
  const int before = passes(replica, "a");
  while (replica.cache.get({"default", "a"})->value != "written") {
    ASSERT_EQ(passes(replica, "a"), before) << "worked on a view older than its own write";
    world.run_for(Duration(10));
  }
  world.run_for(Duration(500));
  EXPECT_GT(passes(replica, "a"), before) << "the key was never taken up again";
}

TEST_F(ManagerTest, a_standby_is_warm_but_does_nothing_until_it_leads) {
  put("a", "1");
  Replica& one = add("one");
  world.run_for(Duration(3'000));
  Replica& two = add("two");
  world.run_for(Duration(5'000));
  EXPECT_TRUE(two.manager->ready());
  EXPECT_FALSE(two.manager->leading());
  EXPECT_TRUE(two.recorder->passes.empty());
  EXPECT_EQ(passes(one, "a"), 1);
  world.kill("one");
  world.run_for(Duration(25'000));
  EXPECT_TRUE(two.manager->leading());
  EXPECT_EQ(passes(two, "a"), 1);
}

TEST_F(ManagerTest, losing_the_lease_cuts_all_work_before_another_may_lead_and_returns) {
  put("a", "1");
  Replica& replica = add("one");
  replica.recorder->takes = std::chrono::minutes(10);
  world.run_for(Duration(5'000));
  world.set_faults([](const std::string& from, const std::string&, const HttpRequest&) {
    return from == "one" ? simulation::Fault::Refused : simulation::Fault::None;
  });
  ASSERT_TRUE(world.run_until([&] { return replica.main.done(); }, Duration(13'000)));
  EXPECT_EQ(replica.end, RunEnd::LeaseLost);
  EXPECT_TRUE(replica.recorder->cancelled);
  EXPECT_TRUE(replica.recorder->inside.empty());
  EXPECT_FALSE(replica.manager->leading());
  EXPECT_EQ(world.deaths(), std::vector<std::string>{});
}

TEST_F(ManagerTest, work_that_does_not_end_with_the_lease_ends_with_the_process) {
  put("a", "1");
  Replica& replica = add("one");
  replica.recorder->stubborn = true;
  world.run_for(Duration(5'000));
  world.set_faults([](const std::string& from, const std::string&, const HttpRequest&) {
    return from == "one" ? simulation::Fault::Refused : simulation::Fault::None;
  });
  ASSERT_TRUE(world.run_until([&] { return !world.alive("one"); }, Duration(13'000)));
  EXPECT_EQ(world.deaths(), std::vector<std::string>{"one: the lease was lost, and not all work ended"});
}

TEST_F(ManagerTest, stop_lets_workers_end_gives_the_lease_up_and_returns) {
  put("a", "1");
  Replica& replica = add("one");
  replica.recorder->takes = Duration(3'000);
  world.run_for(Duration(2'000));
  ASSERT_EQ(replica.recorder->inside.size(), 1u);
  replica.env.post([&] { replica.manager->stop(); });
  world.run_for(Duration(500));
  EXPECT_FALSE(replica.manager->ready());
  EXPECT_FALSE(replica.main.done()) << "did not wait for its worker";
  world.run_for(Duration(5'000));
  EXPECT_TRUE(replica.main.done());
  EXPECT_EQ(replica.end, RunEnd::Stopped);
  EXPECT_FALSE(replica.recorder->cancelled);
  EXPECT_EQ(
      string_at(*server->store.find(kube::kLeases, {"default", "llmops-operator"}), "spec.holderIdentity"),
      "");
}

TEST_F(ManagerTest, the_lease_is_kept_while_a_worker_still_writes) {
  put("a", "1");
  Replica& replica = add("one");
  replica.recorder->takes = Duration(3'000);
  world.run_for(Duration(2'000));
  ASSERT_EQ(replica.recorder->inside.size(), 1u);
  replica.env.post([&] { replica.manager->stop(); });
  const auto holder = [&] {
    return string_at(*server->store.find(kube::kLeases, {"default", "llmops-operator"}),
                     "spec.holderIdentity");
  };
  while (!replica.recorder->inside.empty()) {
    ASSERT_EQ(holder(), "one");
    world.run_for(Duration(10));
  }
  world.run_for(Duration(5'000));
  EXPECT_EQ(holder(), "");
}

TEST_F(ManagerTest, stop_cuts_a_worker_that_does_not_end_in_time) {
  put("a", "1");
  Replica& replica = add("one");
  replica.recorder->takes = std::chrono::hours(5);
  world.run_for(Duration(2'000));
  replica.env.post([&] { replica.manager->stop(); });
  world.run_for(Duration(12'000));
  EXPECT_TRUE(replica.main.done());
  EXPECT_TRUE(replica.recorder->cancelled);
}

TEST_F(ManagerTest, a_worker_that_is_stuck_shows_in_its_health) {
  put("a", "1");
  Replica& replica = add("one");
  replica.recorder->takes = std::chrono::hours(5);
  world.run_for(std::chrono::minutes(4));
  EXPECT_TRUE(replica.manager->healthy());
  world.run_for(std::chrono::minutes(2));
  EXPECT_FALSE(replica.manager->healthy());
}

TEST(OwnWritesTest, the_newest_write_of_each_kind_counts_and_seen_ones_are_forgotten) {
  ConfigMaps first{kube::kConfigMaps, "", {}, kube::project_config_map};
  ConfigMaps second{kube::kConfigMaps, "", {}, kube::project_config_map};
  OwnWrites writes;
  const ObjectKey key{"n", "a"};
  EXPECT_TRUE(writes.seen(key));
  writes.record(key, first, "10");
  writes.record(key, first, "9");
  writes.record(key, second, "3");
  first.advance("9");
  second.advance("3");
  EXPECT_FALSE(writes.seen(key));
  EXPECT_TRUE(writes.seen({"n", "b"}));
  first.advance("10");
  EXPECT_TRUE(writes.seen(key));
  writes.record(key, first, "99");
  writes.forget(key);
  EXPECT_TRUE(writes.seen(key));
}

}  // namespace
}  // namespace llmops
