#include "gateway/server/cluster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixtures.hpp"
#include "tests/simulation/world/api_server.hpp"
#include "tests/simulation/world/world.hpp"

namespace llmops::gateway {
namespace {

using namespace testing;
using ::testing::ElementsAre;

class WatchingGateway final : public simulation::Program {
 public:
  WatchingGateway(simulation::SimEnv& env, Transport& transport)
      : client(env, transport, simulation::client_config()),
        gateway(env, transport, GatewayOptions{}, Log(), KeyCache::Fetch()),
        source(env, client, gateway, "shop", "bot") {
    env.spawn("cluster", source.run());
  }
  kube::Client client;
  Gateway gateway;
  ClusterSource source;
};

class Cluster : public ::testing::Test {
 protected:
  Cluster() : api_(simulation::add_api_server(world_)) {
    world_.add_process("gateway", [](simulation::SimEnv& env, Transport& transport) {
      return std::make_unique<WatchingGateway>(env, transport);
    });
  }
  Router& router() { return world_.program<WatchingGateway>("gateway").gateway.router(); }

  static Json config_map(const std::string& name, const std::string& key, const std::string& text) {
    Json object = Json::object();
    object["apiVersion"] = "v1";
    object["kind"] = "ConfigMap";
    object["metadata"]["name"] = name;
    object["metadata"]["namespace"] = "shop";
    object["data"][key] = text;
    return object;
  }

  // The bodies as ConfigMaps, and the configuration that names them.
  void write_bodies(const ConfigOptions& options) {
    int ordinal = 0;
    for (const auto& hash : {kStable, kCandidate}) {
      const wire::RevisionBody revision_body = bodies_of(options).at(hash);
      Json json = Json::object();
      json = revision_body.to_json();
      const std::string text = dump_json(json);
      digests_[hash] = sha256_hex(text);
      const std::string name = "bot-body-" + std::to_string(++ordinal);
      if (!api_->store.find(kube::kConfigMaps, {"shop", name}))
        ASSERT_TRUE(api_->store.create(kube::kConfigMaps, config_map(name, "body.json", text)).ok());
    }
  }
  std::string config_text(const ConfigOptions& options) {
    auto config = config_of(options);
    for (auto& revision : config.models[0].revisions) revision.body.digest = digests_[revision.hash];
    return dump_json(config.to_json());
  }
  void write_config(const ConfigOptions& options) {
    const std::string text = config_text(options);
    const kube::ObjectKey key{"shop", "bot-gateway"};
    if (api_->store.edit(kube::kConfigMaps, key, [&](Json& object) { object["data"]["config.json"] = text; }))
      return;
    ASSERT_TRUE(api_->store.create(kube::kConfigMaps, config_map("bot-gateway", "config.json", text)).ok());
  }

  static Json slice(const std::string& name, std::vector<std::pair<std::string, std::string>> pods,
                    const std::string& owner = "bot") {
    Json object = Json::object();
    object["apiVersion"] = "discovery.k8s.io/v1";
    object["kind"] = "EndpointSlice";
    object["addressType"] = "IPv4";
    object["metadata"]["name"] = name;
    object["metadata"]["namespace"] = "shop";
    object["metadata"]["labels"]["llmops.dev/model-deployment"] = owner;
    object["metadata"]["labels"]["llmops.dev/serving-hash"] = short_hash(kServing);
    object["endpoints"] = Json::array();
    for (const auto& [uid, ip] : pods) {
      Json endpoint = Json::object();
      endpoint["addresses"] = Json::array({ip});
      endpoint["targetRef"]["uid"] = uid;
      endpoint["conditions"]["ready"] = true;
      object["endpoints"].push_back(std::move(endpoint));
    }
    return object;
  }
  std::vector<std::string> pods() {
    std::vector<std::string> uids;
    for (const auto& endpoint : router().endpoints().of(kServing))
      uids.push_back(endpoint->address.pod_uid + "@" + endpoint->address.ip);
    return uids;
  }
  bool reaches_epoch(std::int64_t epoch, Duration limit = Duration(30'000)) {
    return world_.run_until([&] { return router().epoch() == epoch; }, limit);
  }

  simulation::World world_;
  std::shared_ptr<simulation::ApiServerState> api_;
  std::map<std::string, std::string> digests_;
};

TEST_F(Cluster, GivesTheConfigurationWithItsBodiesAndEachChangeOfIt) {
  world_.run_for(Duration(3'000));
  EXPECT_FALSE(router().configured()) << "there is none yet";
  ConfigOptions options;
  write_bodies(options);
  write_config(options);
  ASSERT_TRUE(reaches_epoch(1));
  EXPECT_NE(router().config()->models[0].revisions[0]->prompt, nullptr);
  options.epoch = 2;
  options.weight = 25;
  write_config(options);
  ASSERT_TRUE(reaches_epoch(2, Duration(1'000))) << "by watch, not by polling";
  EXPECT_EQ(router().config()->models[0].arms[1].weight, 25);
}

TEST_F(Cluster, KeepsWhatIsInForceThroughLowerEpochsAndBrokenConfigurations) {
  ConfigOptions options;
  options.epoch = 5;
  write_bodies(options);
  write_config(options);
  ASSERT_TRUE(reaches_epoch(5));
  options.epoch = 4;
  write_config(options);
  world_.run_for(Duration(20'000));
  EXPECT_EQ(router().epoch(), 5);
  api_->store.edit(kube::kConfigMaps, {"shop", "bot-gateway"},
                   [](Json& object) { object["data"]["config.json"] = "{"; });
  world_.run_for(Duration(20'000));
  EXPECT_EQ(router().epoch(), 5);
  EXPECT_TRUE(api_->store.remove(kube::kConfigMaps, {"shop", "bot-gateway"}).ok());
  world_.run_for(Duration(20'000));
  EXPECT_EQ(router().epoch(), 5);
  options.epoch = 6;
  write_config(options);
  EXPECT_TRUE(reaches_epoch(6));
}

TEST_F(Cluster, WaitsForABodyThatComesLateAndRefusesOneThatWasChanged) {
  ConfigOptions options;
  write_bodies(options);
  write_config(options);
  api_->store.edit(kube::kConfigMaps, {"shop", "bot-body-2"},
                   [](Json& object) { object["data"]["body.json"] = "{}"; });
  world_.run_for(Duration(10'000));
  EXPECT_FALSE(router().configured());
  EXPECT_TRUE(api_->store.remove(kube::kConfigMaps, {"shop", "bot-body-2"}).ok());
  write_bodies(options);
  EXPECT_TRUE(reaches_epoch(1));
}

TEST_F(Cluster, GivesTheEndpointsOfItsOwnEnginesOverAllSlices) {
  EXPECT_TRUE(
      api_->store.create(kube::kEndpointSlices, slice("one", {{"a", "10.0.0.1"}, {"b", "10.0.0.2"}})).ok());
  EXPECT_TRUE(api_->store.create(kube::kEndpointSlices, slice("foreign", {{"x", "10.9.9.9"}}, "other")).ok());
  ASSERT_TRUE(world_.run_until([&] { return pods().size() == 2; }, Duration(5'000)));
  EXPECT_TRUE(
      api_->store.create(kube::kEndpointSlices, slice("two", {{"b", "10.0.0.2"}, {"c", "10.0.0.3"}})).ok());
  ASSERT_TRUE(world_.run_until([&] { return pods().size() == 3; }, Duration(1'000)));
  EXPECT_THAT(pods(), ElementsAre("a@10.0.0.1", "b@10.0.0.2", "c@10.0.0.3"));
  EXPECT_TRUE(api_->store.remove(kube::kEndpointSlices, {"shop", "one"}).ok());
  ASSERT_TRUE(world_.run_until([&] { return pods().size() == 2; }, Duration(1'000)));
  EXPECT_THAT(pods(), ElementsAre("b@10.0.0.2", "c@10.0.0.3"));
}

TEST_F(Cluster, SurvivesAnApiServerThatIsAwayForAWhile) {
  ConfigOptions options;
  write_bodies(options);
  write_config(options);
  ASSERT_TRUE(reaches_epoch(1));
  world_.kill("kube-apiserver");
  options.epoch = 2;
  write_config(options);
  world_.run_for(Duration(60'000));
  EXPECT_EQ(router().epoch(), 1);
  world_.restart("kube-apiserver");
  EXPECT_TRUE(reaches_epoch(2, Duration(90'000)));
}

TEST(ProjectSlice, ReadsConditionsAsDiscoveryV1DefinesThem) {
  const auto read = project_slice(
      R"({"metadata":{"labels":{"llmops.dev/serving-hash":"h"}},"addressType":"IPv4","endpoints":[
      {"addresses":["10.0.0.1"],"targetRef":{"uid":"absent"}},
      {"addresses":["10.0.0.2"],"targetRef":{"uid":"leaving"},"conditions":{"ready":false,"serving":true,"terminating":true}},
      {"addresses":["10.0.0.3"],"targetRef":{"uid":"gone"},"conditions":{"ready":false,"serving":false,"terminating":true}},
      {"addresses":["10.0.0.4"],"targetRef":{"uid":"loading"},"conditions":{"ready":false,"serving":false}},
      {"addresses":["10.0.0.5"]},{"targetRef":{"uid":"x"}}]})");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->serving_hash, "h");
  ASSERT_EQ(read->addresses.size(), 3u);
  EXPECT_TRUE(read->addresses[0].ready);
  EXPECT_TRUE(read->addresses[1].terminating);
  EXPECT_EQ(read->addresses[2].pod_uid, "loading");
  EXPECT_FALSE(read->addresses[2].ready);
}

TEST(MergeSlices, TakesEachPodOnceAndPrefersIPv4) {
  const auto of = [](std::vector<EndpointAddress> addresses) {
    EngineSlice slice;
    slice.addresses = std::move(addresses);
    return std::make_shared<const EngineSlice>(std::move(slice));
  };
  const auto merged = merge_slices(
      {of({pod("a", "fd00::1"), pod("b", "10.0.0.2")}), of({pod("a", "10.0.0.1"), pod("b", "fd00::2")})});
  ASSERT_EQ(merged.size(), 2u);
  EXPECT_EQ(merged[0].ip, "10.0.0.1");
  EXPECT_EQ(merged[1].ip, "10.0.0.2");
}

}  // namespace
}  // namespace llmops::gateway
