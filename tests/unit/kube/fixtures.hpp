// What the tests of this folder share: a world with an API server and a probe.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "operator/kube/object.hpp"
#include "tests/simulation/world/probe.hpp"

namespace llmops::kube {

struct ClusterTest : ::testing::Test {
  simulation::World world;
  std::shared_ptr<simulation::ApiServerState> server = simulation::add_api_server(world);
  simulation::Probe& probe = simulation::add_probe(world);

  template <class T>
  T await(Task<T> task) {
    return simulation::await(world, probe.env, std::move(task));
  }

  static Json config_map(const std::string& name, const std::string& value,
                         const std::map<std::string, std::string>& labels = {}) {
    Json object = {{"metadata", {{"namespace", "default"}, {"name", name}}}, {"data", {{"value", value}}}};
    if (!labels.empty()) object["metadata"]["labels"] = labels;
    return object;
  }

  // Changes the stored object without going through the network.
  void put(const std::string& name, const std::string& value,
           const std::map<std::string, std::string>& labels = {}) {
    const ObjectKey key{"default", name};
    if (server->store.find(kConfigMaps, key)) {
      ASSERT_TRUE(server->store.replace(kConfigMaps, key, config_map(name, value, labels)).ok());
    } else {
      ASSERT_TRUE(server->store.create(kConfigMaps, config_map(name, value, labels)).ok());
    }
  }
  void drop(const std::string& name) {
    ASSERT_TRUE(server->store.remove(kConfigMaps, {"default", name}).ok());
  }
};

}  // namespace llmops::kube
