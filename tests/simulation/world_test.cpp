// The world itself: what a test may rely on.
#include "tests/simulation/world/world.hpp"

#include <gtest/gtest.h>

#include "tests/simulation/world/probe.hpp"

namespace llmops::simulation {
namespace {

using kube::ObjectKey;

struct StoreTest : ::testing::Test {
  World world;
  std::shared_ptr<ApiServerState> server = add_api_server(world);
  ObjectStore& store = server->store;

  Json make(const kube::ResourceType& type, const std::string& name, Json more = Json::object()) {
    more["metadata"]["namespace"] = "default";
    more["metadata"]["name"] = name;
    const Outcome outcome = store.create(type, more);
    EXPECT_TRUE(outcome.ok()) << outcome.body.text();
    return outcome.body;
  }
  static Json owned_by(const Json& owner) {
    const Json reference = {{"apiVersion", "v1"},
                            {"kind", string_at(owner, "kind")},
                            {"name", string_at(owner, "metadata.name")},
                            {"uid", string_at(owner, "metadata.uid")}};
    return {{"metadata", {{"ownerReferences", Json::array({reference})}}}};
  }
};

TEST_F(StoreTest, what_lost_its_owner_is_collected_and_so_is_what_never_had_a_living_one) {
  const Json owner = make(kube::kConfigMaps, "owner");
  const Json child = make(kube::kConfigMaps, "child", owned_by(owner));
  make(kube::kServices, "grandchild", owned_by(child));
  Json dead = owner;
  dead["metadata"]["uid"] = "gone-before";
  make(kube::kConfigMaps, "orphan", owned_by(dead));
  make(kube::kConfigMaps, "free");
  world.run_for(Duration(10'000));
  EXPECT_FALSE(store.find(kube::kConfigMaps, {"default", "orphan"}));
  EXPECT_TRUE(store.find(kube::kConfigMaps, {"default", "child"}));
  EXPECT_TRUE(store.remove(kube::kConfigMaps, {"default", "owner"}).ok());
  world.run_for(Duration(10'000));
  EXPECT_FALSE(store.find(kube::kConfigMaps, {"default", "child"}));
  EXPECT_FALSE(store.find(kube::kServices, {"default", "grandchild"}));
  EXPECT_TRUE(store.find(kube::kConfigMaps, {"default", "free"}));
}

TEST_F(StoreTest, finalizers_hold_a_deleted_object_until_they_are_gone) {
  make(kube::kConfigMaps, "held", {{"metadata", {{"finalizers", {"x/y"}}}}});
  const ObjectKey key{"default", "held"};
  EXPECT_TRUE(store.remove(kube::kConfigMaps, key).ok());
  Json live = *store.find(kube::kConfigMaps, key);
  EXPECT_FALSE(string_at(live, "metadata.deletionTimestamp").empty());
  live["metadata"].erase("finalizers");
  EXPECT_TRUE(store.replace(kube::kConfigMaps, key, live).ok());
  EXPECT_FALSE(store.find(kube::kConfigMaps, key));
}

TEST_F(StoreTest, a_pod_on_a_node_terminates_until_its_kubelet_ends_it) {
  make(kube::kPods, "p", {{"spec", {{"nodeName", "node"}}}});
  make(kube::kPods, "unscheduled");
  EXPECT_TRUE(store.remove(kube::kPods, {"default", "p"}).ok());
  EXPECT_TRUE(store.remove(kube::kPods, {"default", "unscheduled"}).ok());
  EXPECT_FALSE(store.find(kube::kPods, {"default", "unscheduled"}));
  ASSERT_TRUE(store.find(kube::kPods, {"default", "p"}));
  EXPECT_EQ(integer_at(*store.find(kube::kPods, {"default", "p"}), "metadata.deletionGracePeriodSeconds"),
            30);
  EXPECT_TRUE(store.remove(kube::kPods, {"default", "p"}, {"", "", 0}).ok());
  EXPECT_FALSE(store.find(kube::kPods, {"default", "p"}));
}

TEST_F(StoreTest, the_generation_counts_changes_of_what_is_wanted_only) {
  Json object = make(kube::kDeployments, "d", {{"spec", {{"replicas", 1}}}});
  EXPECT_EQ(integer_at(object, "metadata.generation"), 1);
  object["metadata"]["labels"] = {{"a", "b"}};
  object = store.replace(kube::kDeployments, {"default", "d"}, object).body;
  EXPECT_EQ(integer_at(object, "metadata.generation"), 1);
  object["spec"]["replicas"] = 2;
  object = store.replace(kube::kDeployments, {"default", "d"}, object).body;
  EXPECT_EQ(integer_at(object, "metadata.generation"), 2);
  EXPECT_FALSE(make(kube::kConfigMaps, "c")["metadata"].contains("generation"));
}

TEST_F(StoreTest, a_custom_resource_needs_its_version_for_a_write_and_a_built_in_one_does_not) {
  Json custom = make(kube::kModelDeployments, "m");
  custom["metadata"].erase("resourceVersion");
  custom["spec"] = {{"replicas", 2}};
  EXPECT_EQ(store.replace(kube::kModelDeployments, {"default", "m"}, custom).status, 422);
  Json built_in = make(kube::kConfigMaps, "c");
  built_in["metadata"].erase("resourceVersion");
  built_in["data"] = {{"a", "b"}};
  EXPECT_EQ(store.replace(kube::kConfigMaps, {"default", "c"}, built_in).status, 200);
  built_in["metadata"]["uid"] = "another";
  EXPECT_EQ(store.replace(kube::kConfigMaps, {"default", "c"}, built_in).status, 409);
}

TEST_F(StoreTest, the_scale_of_an_object_without_replicas_is_an_error_of_the_server) {
  make(kube::kModelDeployments, "m", {{"spec", Json::object()}});
  EXPECT_EQ(store.get_scale(kube::kModelDeployments, {"default", "m"}).status, 500);
}

TEST_F(StoreTest, history_is_bounded_and_older_versions_have_expired) {
  const std::uint64_t start = store.revision();
  store.set_history_limit(3);
  for (int i = 0; i < 5; ++i) make(kube::kConfigMaps, "c" + std::to_string(i));
  EXPECT_FALSE(store.since(start).has_value());
  ASSERT_TRUE(store.since(store.revision() - 3).has_value());
  EXPECT_EQ(store.since(store.revision() - 3)->size(), 3u);
  EXPECT_TRUE(store.since(store.revision())->empty());
}

// Reads one watch event after the other.
struct WatchVerb : StoreTest {
  Probe& probe = add_probe(world);
  std::unique_ptr<kube::Watch> open(const kube::ListOptions& options) {
    return std::move(await(world, probe.env,
                           probe.client.watch(kube::kConfigMaps, "default", options,
                                              std::to_string(store.revision()))))
        .value();
  }
  std::string next(kube::Watch& watch) {
    const auto event = await(world, probe.env, watch.next());
    if (!event.ok()) return std::string(to_string(event.error().code));
    static constexpr const char* kTypes[] = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"};
    return std::string(kTypes[static_cast<int>(event->type)]) + " " +
           string_at(*parse_json(event->raw_object), "metadata.name");
  }
};

TEST_F(WatchVerb, an_object_that_starts_or_stops_matching_is_added_or_deleted) {
  const auto watch = open({"app=x", ""});
  make(kube::kConfigMaps, "other");
  make(kube::kConfigMaps, "c");
  const auto label = [&](const std::string& value) {
    store.edit(kube::kConfigMaps, {"default", "c"},
               [&](Json& object) { object["metadata"]["labels"]["app"] = value; });
  };
  label("x");
  EXPECT_EQ(next(*watch), "ADDED c");
  store.edit(kube::kConfigMaps, {"default", "c"}, [&](Json& object) { object["data"] = {{"a", "b"}}; });
  EXPECT_EQ(next(*watch), "MODIFIED c");
  label("y");
  EXPECT_EQ(next(*watch), "DELETED c");
  EXPECT_EQ(next(*watch), "BOOKMARK ");
}

TEST_F(WatchVerb, closing_the_stream_ends_the_watch_on_the_server) {
  auto watch = open({});
  EXPECT_EQ(server->open_watches, 1u);
  watch.reset();
  world.run_for(Duration(100));
  EXPECT_EQ(server->open_watches, 0u);
}

TEST_F(WatchVerb, a_watch_ends_at_its_time_and_when_the_server_dies) {
  auto watch = open({});
  const Duration before = world.time();
  std::string last;
  while ((last = next(*watch)) == "BOOKMARK ") {
  }
  EXPECT_EQ(last, "Unavailable");
  EXPECT_GE(world.time() - before, std::chrono::minutes(5));
  watch = open({});
  world.kill("kube-apiserver");
  EXPECT_EQ(next(*watch), "Unavailable");
}

// A process that counts its own ticks.
struct Ticker final : Program {
  explicit Ticker(SimEnv& env) { env.spawn("tick", tick(&env, this)); }
  static Task<void> tick(SimEnv* env, Ticker* self) {
    for (;;) {
      const Result<void> slept = co_await env->sleep(Duration(1'000));
      if (!slept.ok()) co_return;
      ++self->ticks;
      if (self->ticks == self->dies_at) env->die("as the test said");
    }
  }
  int ticks = 0;
  int dies_at = -1;
};

struct ProcessTest : ::testing::Test {
  World world;
  void SetUp() override {
    world.add_process("ticker", [](SimEnv& env, Transport&) { return std::make_unique<Ticker>(env); });
  }
  Ticker& ticker() { return world.program<Ticker>("ticker"); }
};

TEST_F(ProcessTest, a_paused_process_stands_still_and_goes_on) {
  world.run_for(Duration(3'500));
  EXPECT_EQ(ticker().ticks, 3);
  world.pause("ticker");
  world.run_for(Duration(10'000));
  EXPECT_EQ(ticker().ticks, 3);
  world.resume("ticker");
  world.run_for(Duration(2'600));
  EXPECT_EQ(ticker().ticks, 6);  // the one that was due, and two more
}

TEST_F(ProcessTest, a_killed_process_is_gone_until_it_is_started_again_from_nothing) {
  world.run_for(Duration(3'500));
  world.kill("ticker");
  EXPECT_FALSE(world.alive("ticker"));
  world.run_for(Duration(3'000));
  world.restart("ticker");
  EXPECT_EQ(world.starts("ticker"), 2);
  EXPECT_EQ(ticker().ticks, 0);
}

TEST_F(ProcessTest, die_ends_the_process_with_its_reason_and_a_respawn_starts_it_again) {
  world.respawn("ticker", Duration(500));
  ticker().dies_at = 2;
  world.run_for(Duration(2'100));
  EXPECT_FALSE(world.alive("ticker"));
  EXPECT_EQ(world.deaths(), std::vector<std::string>{"ticker: as the test said"});
  world.run_for(Duration(500));
  EXPECT_TRUE(world.alive("ticker"));
}

// A server whose handler writes slowly, to see who notices whose end.
struct Slow final : Program {
  Slow(SimEnv& env, Transport& transport) {
    ListenOptions listen;
    listen.port = 80;
    server = std::move(transport.serve(listen, [this, &env](ServerExchange& exchange) {
               return stream(&env, this, exchange);
             })).value();
  }
  static Task<void> stream(SimEnv* env, Slow* self, ServerExchange& exchange) {
    if (exchange.request().path() == "/who") {
      const Result<void> said = co_await exchange.respond(200, {}, self->identity);
      (void)said;
      co_return;
    }
    Result<void> good = co_await exchange.start(200, {});
    for (int i = 0; i < 10 && good.ok(); ++i) {
      good = co_await exchange.write("piece ");
      if (good.ok()) good = co_await env->sleep(Duration(100));
    }
    if (good.ok()) good = co_await exchange.finish();
    ++(good.ok() ? self->finished : self->cut);
  }
  std::unique_ptr<Server> server;
  std::string identity = "slow";
  int finished = 0, cut = 0;
};

struct NetworkTest : ::testing::Test {
  World world;
  Probe& probe = add_probe(world);
  void SetUp() override {
    world.add_process(
        "slow", [](SimEnv& env, Transport& transport) { return std::make_unique<Slow>(env, transport); });
    world.route("10.0.0.7", "slow");
  }
  Slow& slow() { return world.program<Slow>("slow"); }
  Result<HttpResponse> ask(const std::string& host, const Preflight* preflight = nullptr,
                           std::uint16_t port = 80) {
    Peer peer;
    peer.host = host;
    peer.port = port;
    const HttpRequest request("GET", "/stream");
    ExchangeOptions options;
    options.preflight = preflight;
    return await(world, probe.env, probe.transport.exchange(peer, request, options));
  }
  Result<std::string> read(HttpResponse& response) {
    return await(world, probe.env, read_all(*response.body, 10'000));
  }
};

TEST_F(NetworkTest, a_stream_arrives_whole_under_any_name_of_its_server) {
  auto response = ask("10.0.0.7");
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(slow().server->in_flight(), 1u);
  EXPECT_EQ(read(*response)->size(), 60u);
  EXPECT_EQ(slow().finished, 1);
  EXPECT_EQ(slow().server->in_flight(), 0u);
}

TEST_F(NetworkTest, a_client_that_closes_cancels_the_handler) {
  {
    auto response = ask("slow");
    ASSERT_TRUE(response.ok());
  }
  world.run_for(Duration(200));
  EXPECT_EQ(slow().cut, 1);
}

TEST_F(NetworkTest, a_server_that_dies_or_was_never_there_is_unavailable) {
  auto response = ask("slow");
  world.kill("slow");
  EXPECT_EQ(read(*response).error().code, ErrorCode::Unavailable);
  EXPECT_EQ(ask("slow").error().code, ErrorCode::Unavailable);
  EXPECT_EQ(ask("nowhere").error().code, ErrorCode::Unavailable);
  world.restart("slow");
  EXPECT_EQ(ask("slow", nullptr, 81).error().code, ErrorCode::Unavailable);
}

TEST_F(NetworkTest, a_drain_lets_requests_end_and_cuts_what_lasts_longer) {
  struct Drain {
    static Task<Result<std::size_t>> run(Server* server, Duration limit) {
      co_return co_await server->drain(limit);
    }
  };
  SimEnv& env = world.env("slow");
  auto first = ask("slow");
  EXPECT_EQ(*await(world, env, Drain::run(slow().server.get(), Duration(5'000))), 0u);
  EXPECT_EQ(read(*first)->size(), 60u);
  EXPECT_EQ(ask("slow").error().code, ErrorCode::Unavailable);
  world.restart("slow");
  auto second = ask("slow");
  EXPECT_EQ(*await(world, world.env("slow"), Drain::run(slow().server.get(), Duration(100))), 1u);
  EXPECT_EQ(read(*second).error().code, ErrorCode::Unavailable);
}

TEST_F(NetworkTest, a_preflight_is_asked_of_each_server_once_and_its_refusal_is_the_answer) {
  int asked = 0;
  const Preflight preflight{HttpRequest("GET", "/who"),
                            [&asked](int status, std::string_view body) -> Result<void> {
                              ++asked;
                              if (status == 200 && body == "slow") return Result<void>();
                              return Error{ErrorCode::Unavailable, "another answered"};
                            }};
  EXPECT_TRUE(ask("10.0.0.7", &preflight).ok());
  EXPECT_TRUE(ask("10.0.0.7", &preflight).ok());
  EXPECT_EQ(asked, 1);
  world.restart("slow");
  slow().identity = "impostor";
  EXPECT_EQ(ask("10.0.0.7", &preflight).error().message, "another answered");
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace llmops::simulation
