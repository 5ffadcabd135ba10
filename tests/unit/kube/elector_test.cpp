#include "operator/runtime/elector.hpp"

#include "fixtures.hpp"

namespace llmops {
namespace {

using simulation::Fault;
using simulation::Program;
using simulation::SimEnv;

ElectorOptions options_for(const std::string& identity) {
  ElectorOptions options;
  options.ns = "default";
  options.identity = identity;
  return options;
}

// A replica whose only work is to lead; it ends itself when the lease is lost.
struct Candidate final : Program {
  Candidate(SimEnv& env_, Transport& transport)
      : env(env_),
        client(env_, transport, simulation::client_config()),
        elector(env_, client.with_pool("lease"),
                options_for(env_.process() + "-" + std::to_string(env_.random() % 1000))) {
    task = env.spawn("elector", lead());
  }
  Task<void> lead() {
    co_await elector.run([this] { ++elected; });
    if (!stopping && env.alive()) env.die("the lease was lost");
  }
  void stop() {
    stopping = true;
    env.post([this] {
      task.cancel();
      env.spawn("release", elector.release());
    });
  }
  bool leads() const { return elector.leading() && elector.remaining() > Duration(0); }

  SimEnv& env;
  kube::Client client;
  Elector elector;
  TaskHandle task;
  int elected = 0;
  bool stopping = false;
};

struct ElectorTest : kube::ClusterTest {
  const kube::ObjectKey lease{"default", "llmops-operator"};

  Candidate& add(const std::string& name) {
    world.add_process(
        name, [](SimEnv& env, Transport& transport) { return std::make_unique<Candidate>(env, transport); });
    world.respawn(name, Duration(1'000));
    return world.program<Candidate>(name);
  }
  bool leads(const std::string& name) { return world.alive(name) && world.program<Candidate>(name).leads(); }
};

TEST_F(ElectorTest, the_first_one_makes_the_lease_and_leads_and_the_second_waits) {
  Candidate& a = add("a");
  world.run_for(Duration(3'000));
  add("b");
  world.run_for(std::chrono::minutes(5));
  EXPECT_TRUE(leads("a"));
  EXPECT_FALSE(leads("b"));
  EXPECT_EQ(a.elected, 1);
  const Json* stored = server->store.find(kube::kLeases, lease);
  ASSERT_NE(stored, nullptr);
  EXPECT_EQ(string_at(*stored, "spec.holderIdentity").substr(0, 2), "a-");
  EXPECT_EQ(integer_at(*stored, "spec.leaseDurationSeconds"), 15);
  EXPECT_EQ(string_at(*stored, "spec.renewTime").size(), std::string("2026-01-01T00:00:00.000000Z").size());
}

TEST_F(ElectorTest, a_dead_leader_is_followed_only_after_its_whole_lease) {
  add("a");
  world.run_for(Duration(3'000));
  add("b");
  world.run_for(Duration(10'000));
  world.kill("a");
  const Duration died = world.time();
  ASSERT_TRUE(world.run_until([&] { return leads("b"); }, std::chrono::minutes(2)));
  EXPECT_GE(world.time() - died, Duration(12'500));  // 15 s from its last renewal, at most 2.4 s before
  EXPECT_LE(world.time() - died, Duration(18'500));
  EXPECT_EQ(integer_at(*server->store.find(kube::kLeases, lease), "spec.leaseTransitions"), 1);
}

TEST_F(ElectorTest, a_lease_with_an_old_timestamp_is_not_taken_before_it_was_watched_for_its_duration) {
  Json old = {{"metadata", {{"namespace", "default"}, {"name", "llmops-operator"}}},
              {"spec",
               {{"holderIdentity", "someone"},
                {"leaseDurationSeconds", 40},
                {"renewTime", "1999-01-01T00:00:00.000000Z"}}}};
  ASSERT_TRUE(server->store.create(kube::kLeases, old).ok());
  add("a");
  world.run_for(Duration(39'000));
  EXPECT_FALSE(leads("a"));
  world.run_for(Duration(5'000));
  EXPECT_TRUE(leads("a"));
}

TEST_F(ElectorTest, a_released_lease_is_taken_at_once) {
  Candidate& a = add("a");
  world.run_for(Duration(3'000));
  add("b");
  world.run_for(Duration(5'000));
  a.stop();
  world.run_for(Duration(3'500));
  EXPECT_FALSE(a.elector.leading());
  EXPECT_TRUE(leads("b"));
}

TEST_F(ElectorTest, a_leader_that_cannot_renew_stops_before_another_may_start) {
  add("a");
  world.run_for(Duration(3'000));
  world.set_faults([](const std::string& from, const std::string&, const HttpRequest&) {
    return from == "a" ? Fault::Hang : Fault::None;
  });
  world.run_for(Duration(10'500));
  EXPECT_FALSE(leads("a"));
  ASSERT_FALSE(world.deaths().empty());
  EXPECT_EQ(world.deaths()[0], "a: the lease was lost");
}

TEST_F(ElectorTest, time_is_counted_from_before_a_renewal_was_sent) {
  Candidate& a = add("a");
  world.run_for(Duration(3'000));
  // The renewal happens, but its answer takes four seconds: the lease is that much older than it seems.
  world.pause("kube-apiserver");
  world.run_for(Duration(6'000));
  const Duration left = a.elector.remaining();
  world.resume("kube-apiserver");
  world.run_for(Duration(50));
  EXPECT_TRUE(leads("a"));
  EXPECT_LE(a.elector.remaining(), left + Duration(2'500));
}

TEST_F(ElectorTest, a_lease_that_another_wrote_over_ends_leading_at_the_next_renewal) {
  add("a");
  world.run_for(Duration(3'000));
  server->store.edit(kube::kLeases, lease,
                     [](Json& object) { object["spec"]["holderIdentity"] = "intruder"; });
  world.run_for(Duration(6'000));
  EXPECT_FALSE(leads("a"));
}

// Drops, hangs, partitions, stopped processes, restarts and wrong clocks, for 1,000 virtual minutes in all.
struct ElectorSeeds : ::testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seed, ElectorSeeds, ::testing::Range<std::uint64_t>(1, 5));

TEST_P(ElectorSeeds, never_two_leaders_and_mostly_one_in_250_minutes) {
  const std::uint64_t seed = GetParam();
  simulation::WorldOptions options;
  options.seed = seed;
  simulation::World world(options);
  auto server = simulation::add_api_server(world);
  const std::vector<std::string> names{"a", "b", "c"};
  for (const auto& name : names) {
    world.add_process(
        name, [](SimEnv& env, Transport& transport) { return std::make_unique<Candidate>(env, transport); });
    world.respawn(name, Duration(1'000));
  }
  std::string cut_off;
  world.set_faults([&](const std::string& from, const std::string&, const HttpRequest&) {
    if (from == cut_off) return Fault::Hang;
    switch (world.random() % 20) {
      case 0:
        return Fault::Refused;
      case 1:
        return Fault::RequestLost;
      case 2:
        return Fault::ResponseLost;
      case 3:
        return Fault::Hang;
      default:
        return Fault::None;
    }
  });
  Duration led{0}, last{0};
  int most = 0, changes = 0;
  std::string leader;
  const Duration end = std::chrono::minutes(250);
  Duration next_trouble{0};
  while (world.time() < end) {
    if (world.time() >= next_trouble) {
      const std::string name = names[world.random() % names.size()];
      next_trouble = world.time() + Duration(static_cast<Duration::rep>(world.random() % 40'000));
      for (const auto& each : names) world.resume(each);
      cut_off.clear();
      switch (world.random() % 5) {
        case 0:
          world.pause(name);
          break;
        case 1:
          cut_off = name;
          break;
        case 2:
          world.restart(name);
          break;
        case 3:
          if (world.alive(name))
            world.env(name).skew(
                Duration(static_cast<Duration::rep>(world.random() % 7'200'000) - 3'600'000));
          break;
        default:
          break;
      }
    }
    world.step();
    int leaders = 0;
    for (const auto& name : names) {
      if (!world.alive(name) || !world.program<Candidate>(name).leads()) continue;
      ++leaders;
      if (leader != name) ++changes;
      leader = name;
    }
    most = std::max(most, leaders);
    ASSERT_LE(most, 1) << "seed " << seed << " at " << world.time().count();
    if (leaders == 1) led += world.time() - last;
    last = world.time();
  }
  EXPECT_GT(led, end / 2) << "seed " << seed;
  EXPECT_GT(changes, 5) << "seed " << seed << ": the trouble troubled nobody";
}

}  // namespace
}  // namespace llmops
