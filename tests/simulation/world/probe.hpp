// How a test acts inside the world: a process with a client, and waiting for one Task.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "operator/kube/client.hpp"
#include "tests/simulation/world/api_server.hpp"
#include "tests/simulation/world/world.hpp"

namespace llmops::simulation {

class Probe final : public Program {
 public:
  Probe(SimEnv& env_, Transport& transport_)
      : env(env_), transport(transport_), client(env_, transport_, client_config()) {}
  SimEnv& env;
  Transport& transport;
  kube::Client client;
};

inline Probe& add_probe(World& world, const std::string& name = "probe") {
  world.add_process(
      name, [](SimEnv& env, Transport& transport) { return std::make_unique<Probe>(env, transport); });
  return world.program<Probe>(name);
}

template <class T>
Task<void> keep_result(Task<T> task, std::shared_ptr<std::optional<T>> into) {
  into->emplace(co_await std::move(task));
}

// Runs the world until the task has ended; throws when it has not within `limit` of virtual time.
template <class T>
T await(World& world, SimEnv& env, Task<T> task, Duration limit = std::chrono::hours(1)) {
  auto result = std::make_shared<std::optional<T>>();
  env.spawn("await", keep_result(std::move(task), result));
  if (!world.run_until([&] { return result->has_value(); }, limit))
    throw std::runtime_error("the task did not end");
  return std::move(**result);
}

}  // namespace llmops::simulation
