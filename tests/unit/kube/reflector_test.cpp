#include "cached_config_map.hpp"
#include "fixtures.hpp"

namespace llmops::kube {
namespace {

using simulation::Fault;
using simulation::InjectedAnswer;

struct ReflectorTest : ClusterTest {
  Cache<CachedConfigMap> cache{kConfigMaps, "default", {}, project_config_map};
  std::string heard;
  int lists = 0, watches = 0;
  std::string watch_target;

  void SetUp() override {
    cache.listen([this](const auto& before, const auto& after) {
      if (!before)
        heard += "+" + after->meta.name;
      else if (!after)
        heard += "-" + before->meta.name;
      else
        heard += "~" + after->meta.name;
    });
    server->inject = [this](const HttpRequest& request) -> std::optional<InjectedAnswer> {
      const bool watch = request.query("watch") == "1";
      ++(watch ? watches : lists);
      if (watch) watch_target = request.target;
      return std::nullopt;
    };
  }
  void start() {
    probe.env.spawn("cache", cache.run(probe.client));
    ASSERT_TRUE(
        world.run_until([&] { return cache.synced() && server->open_watches == 1; }, Duration(5'000)));
  }
  ~ReflectorTest() override { world.kill("probe"); }  // its tasks use the cache
};

TEST_F(ReflectorTest, lists_then_follows_by_watch) {
  put("a", "1");
  start();
  put("b", "1");
  put("a", "2");
  drop("b");
  world.run_for(Duration(100));
  EXPECT_EQ(heard, "+a+b~a-b");
  EXPECT_EQ(lists, 1);
  EXPECT_EQ(watches, 1);
}

TEST_F(ReflectorTest, asks_for_a_watch_of_five_to_ten_minutes_with_bookmarks) {
  start();
  const HttpRequest request("GET", watch_target);
  EXPECT_EQ(request.query("allowWatchBookmarks"), "true");
  const int seconds = std::stoi(request.query("timeoutSeconds"));
  EXPECT_GE(seconds, 300);
  EXPECT_LE(seconds, 600);
}

TEST_F(ReflectorTest, goes_on_from_where_a_watch_ended_without_listing_again) {
  start();
  put("a", "1");
  world.run_for(std::chrono::minutes(30));
  put("b", "1");
  world.run_for(Duration(1'000));
  EXPECT_EQ(heard, "+a+b");
  EXPECT_EQ(lists, 1);
  EXPECT_GE(watches, 3);
  EXPECT_LE(watches, 7);
}

TEST_F(ReflectorTest, bookmarks_advance_the_version_of_a_quiet_kind) {
  start();
  ASSERT_TRUE(server->store
                  .create(kServiceAccounts, Json{{"metadata", Json{{"namespace", "default"}, {"name", "x"}}}})
                  .ok());
  const std::string now = std::to_string(server->store.revision());
  EXPECT_FALSE(cache.has_seen(now));
  world.run_for(std::chrono::minutes(2));
  EXPECT_TRUE(cache.has_seen(now));
  EXPECT_EQ(watches, 1);
}

TEST_F(ReflectorTest, after_410_it_lists_again_and_tells_the_deletions_that_it_missed) {
  put("a", "1");
  put("b", "1");
  start();
  world.kill("kube-apiserver");
  drop("a");
  put("c", "1");
  server->store.compact();
  world.restart("kube-apiserver");
  world.run_for(std::chrono::minutes(1));
  EXPECT_EQ(heard, "+a+b-a+c");
  EXPECT_EQ(lists, 2);
}

TEST_F(ReflectorTest, an_object_made_again_under_its_name_while_nobody_looked_is_told_as_two_events) {
  put("a", "1");
  start();
  const std::string before = cache.get({"default", "a"})->meta.uid;
  world.kill("kube-apiserver");
  drop("a");
  put("a", "1");
  server->store.compact();
  world.restart("kube-apiserver");
  world.run_for(std::chrono::minutes(1));
  EXPECT_EQ(heard, "+a-a+a");
  EXPECT_NE(cache.get({"default", "a"})->meta.uid, before);
}

TEST_F(ReflectorTest, an_outage_is_met_with_longer_and_longer_pauses) {
  start();
  world.kill("kube-apiserver");
  int attempts = 0;
  world.set_faults([&](const std::string&, const std::string&, const HttpRequest&) {
    ++attempts;
    return Fault::None;
  });
  world.run_for(std::chrono::minutes(10));
  EXPECT_GE(attempts, 60);
  EXPECT_LE(attempts, 120);  // 0.8 s doubling to 5 s, each up to twice as long
  put("a", "1");
  world.restart("kube-apiserver");
  world.run_for(Duration(10'500));
  EXPECT_EQ(heard, "+a") << "what changed meanwhile is seen late";
}

TEST_F(ReflectorTest, a_server_that_answers_with_refusals_is_asked_less_and_less_often) {
  server->inject = [this](const HttpRequest&) -> std::optional<InjectedAnswer> {
    ++lists;
    return InjectedAnswer{
        429, {}, dump_json(simulation::failure(429, "TooManyRequests", "too many requests").body)};
  };
  probe.env.spawn("cache", cache.run(probe.client));
  world.run_for(std::chrono::minutes(10));
  EXPECT_GE(lists, 10);
  EXPECT_LE(lists, 40);  // 0.8 s doubling to 30 s, each up to twice as long
}

TEST_F(ReflectorTest, a_watch_that_closes_at_once_is_not_opened_in_a_hot_loop) {
  server->inject = [this](const HttpRequest& request) -> std::optional<InjectedAnswer> {
    if (request.query("watch") != "1") return std::nullopt;
    ++watches;
    return InjectedAnswer{200, {}, ""};
  };
  probe.env.spawn("cache", cache.run(probe.client));
  world.run_for(std::chrono::minutes(10));
  EXPECT_LE(watches, 40);
}

TEST_F(ReflectorTest, repeated_410_is_not_listed_in_a_hot_loop) {
  server->inject = [this](const HttpRequest& request) -> std::optional<InjectedAnswer> {
    if (request.query("watch") != "1") {
      ++lists;
      return std::nullopt;
    }
    return InjectedAnswer{200,
                          {},
                          "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":"
                          "\"Expired\",\"message\":\"too old\"}}\n"};
  };
  probe.env.spawn("cache", cache.run(probe.client));
  world.run_for(std::chrono::minutes(10));
  EXPECT_GE(lists, 10);
  EXPECT_LE(lists, 50);
}

TEST_F(ReflectorTest, says_why_a_kind_cannot_be_listed) {
  server->inject = [](const HttpRequest&) -> std::optional<InjectedAnswer> {
    return InjectedAnswer{
        403, {}, dump_json(simulation::failure(403, "Forbidden", "configmaps is forbidden").body)};
  };
  Error told;
  cache.on_failure([&](const Error& error) { told = error; });
  probe.env.spawn("cache", cache.run(probe.client));
  world.run_for(Duration(1'000));
  EXPECT_EQ(told.code, ErrorCode::Forbidden);
  EXPECT_FALSE(cache.synced());
}

TEST_F(ReflectorTest, a_silent_connection_is_given_up_after_150_seconds_once_a_bookmark_was_seen) {
  start();
  world.run_for(std::chrono::minutes(2));
  world.pause("kube-apiserver");
  world.run_for(std::chrono::minutes(3));
  EXPECT_EQ(watches, 1);
  world.resume("kube-apiserver");
  put("a", "1");
  world.run_for(Duration(60'000));
  EXPECT_EQ(heard, "+a");
  EXPECT_GE(watches, 2);
  EXPECT_EQ(lists, 1);
}

TEST_F(ReflectorTest, ends_when_cancelled) {
  start();
  TaskHandle extra = probe.env.spawn("second", cache.run(probe.client));
  world.run_for(Duration(1'000));
  EXPECT_FALSE(extra.done());
  probe.env.post([&] { extra.cancel(); });
  world.run_for(Duration(1'000));
  EXPECT_TRUE(extra.done());
}

struct SeveralNamespaces : ClusterTest {
  Cache<CachedConfigMap> cache{
      kConfigMaps, std::vector<std::string>{"default", "shop"}, {}, project_config_map};
  void put_in(const std::string& ns, const std::string& name) {
    Json object = config_map(name, "1");
    object["metadata"]["namespace"] = ns;
    ASSERT_TRUE(server->store.create(kConfigMaps, std::move(object)).ok());
  }
  std::string now() const { return std::to_string(server->store.revision()); }
  ~SeveralNamespaces() override { world.kill("probe"); }  // its tasks use the cache
};

TEST_F(SeveralNamespaces, are_one_cache_once_each_was_listed_and_others_are_not_asked_for) {
  put_in("default", "a");
  put_in("shop", "a");
  put_in("bank", "a");
  bool shop_answers = false;
  server->inject = [&](const HttpRequest& request) -> std::optional<InjectedAnswer> {
    EXPECT_EQ(request.target.find("namespaces/bank"), std::string::npos);
    EXPECT_NE(request.target.find("/namespaces/"), std::string::npos) << request.target;
    if (shop_answers || request.target.find("namespaces/shop") == std::string::npos) return std::nullopt;
    return InjectedAnswer{
        403, {}, dump_json(simulation::failure(403, "Forbidden", "configmaps is forbidden").body)};
  };
  probe.env.spawn("cache", cache.run(probe.client));
  world.run_for(Duration(3'000));
  EXPECT_FALSE(cache.synced()) << "half of what it should know";
  shop_answers = true;
  ASSERT_TRUE(world.run_until([&] { return cache.synced(); }, Duration(30'000)));
  EXPECT_EQ(cache.all().size(), 2u);
  put_in("shop", "b");
  world.run_for(Duration(1'000));
  EXPECT_NE(cache.get({"shop", "b"}), nullptr);
  // A namespace that is listed anew takes nothing from the other.
  world.kill("kube-apiserver");
  ASSERT_TRUE(server->store.remove(kConfigMaps, {"shop", "a"}).ok());
  server->store.compact();
  world.restart("kube-apiserver");
  world.run_for(std::chrono::minutes(1));
  EXPECT_EQ(cache.get({"shop", "a"}), nullptr);
  EXPECT_NE(cache.get({"default", "a"}), nullptr);
  EXPECT_NE(cache.get({"shop", "b"}), nullptr);
}

TEST_F(SeveralNamespaces, have_seen_a_write_when_its_own_namespace_has) {
  probe.env.spawn("cache", cache.run(probe.client));
  ASSERT_TRUE(world.run_until([&] { return cache.synced(); }, Duration(5'000)));
  put_in("shop", "a");
  const std::string written = now();
  world.run_for(Duration(1'000));
  EXPECT_TRUE(cache.has_seen(written, "shop"));
  EXPECT_FALSE(cache.has_seen(written, "default")) << "nothing was heard of it there";
}

TEST_F(SeveralNamespaces, end_together_when_cancelled) {
  TaskHandle task = probe.env.spawn("cache", cache.run(probe.client));
  ASSERT_TRUE(world.run_until([&] { return server->open_watches == 2; }, Duration(5'000)));
  probe.env.post([&] { task.cancel(); });
  ASSERT_TRUE(world.run_until([&] { return task.done() && server->open_watches == 0; }, Duration(5'000)));
}

// Five promises of a watch (reliable, ordered, unique, resumable, bookmarkable) under everything at once.
TEST(ReflectorSeeds, the_cache_equals_the_store_once_faults_stop) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    simulation::WorldOptions options;
    options.seed = seed;
    simulation::World world(options);
    simulation::ApiServerOptions server_options;
    server_options.watch_lag = Duration(seed % 3 * 700);
    auto server = simulation::add_api_server(world, server_options);
    server->store.set_history_limit(10);
    auto& probe = simulation::add_probe(world);
    Cache<CachedConfigMap> cache(kConfigMaps, "default", {}, project_config_map);
    std::map<std::string, std::string> told;  // by name: uid
    bool orderly = true;
    cache.listen([&](const auto& before, const auto& after) {
      if (before) orderly = orderly && told[before->meta.name] == before->meta.uid;
      if (!before) orderly = orderly && told.count(after->meta.name) == 0;
      if (after)
        told[after->meta.name] = after->meta.uid;
      else
        told.erase(before->meta.name);
    });
    world.set_faults([&](const std::string&, const std::string&, const HttpRequest&) {
      switch (world.random() % 6) {
        case 0:
          return Fault::Refused;
        case 1:
          return Fault::ResponseLost;
        default:
          return Fault::None;
      }
    });
    probe.env.spawn("cache", cache.run(probe.client));
    for (int i = 0; i < 120; ++i) {
      const std::string name = "item-" + std::to_string(world.random() % 5);
      const ObjectKey key{"default", name};
      if (server->store.find(kConfigMaps, key) && world.random() % 3 == 0) {
        ASSERT_TRUE(server->store.remove(kConfigMaps, key).ok());
      } else if (server->store.find(kConfigMaps, key)) {
        server->store.edit(kConfigMaps, key,
                           [&](Json& object) { object["data"]["value"] = std::to_string(i); });
      } else {
        ASSERT_TRUE(server->store.create(kConfigMaps, ClusterTest::config_map(name, std::to_string(i))).ok());
      }
      if (world.random() % 20 == 0) world.restart("kube-apiserver");
      world.run_for(Duration(static_cast<Duration::rep>(world.random() % 4'000)));
    }
    world.set_faults(nullptr);
    world.run_for(std::chrono::minutes(3));
    ASSERT_TRUE(orderly) << "seed " << seed;
    const auto stored = server->store.list(kConfigMaps, "default");
    ASSERT_EQ(cache.all().size(), stored.size()) << "seed " << seed;
    for (const auto& object : stored) {
      const auto cached = cache.get(parse_meta(object).key());
      ASSERT_NE(cached, nullptr) << "seed " << seed;
      EXPECT_EQ(cached->meta.resource_version, parse_meta(object).resource_version) << "seed " << seed;
      EXPECT_EQ(told[cached->meta.name], cached->meta.uid) << "seed " << seed;
    }
    world.kill("probe");
  }
}

}  // namespace
}  // namespace llmops::kube
