// How verbs that speak to a cluster wait for it.
#pragma once

#include <functional>
#include <utility>

#include "operator/platform/env.hpp"
#include "operator/platform/transport.hpp"

namespace llmops::cli {

struct Network {
  Env& env;
  Transport& transport;
  std::function<void(Task<void>)> run;  // returns when the task has ended
};

// What the task returns.
template <class T>
T wait_for(Network& network, Task<T> task) {
  struct Keep {
    static Task<void> result(Task<T> inner, std::optional<T>* into) {
      into->emplace(co_await std::move(inner));
    }
  };
  std::optional<T> kept;
  network.run(Keep::result(std::move(task), &kept));
  return std::move(*kept);
}

}  // namespace llmops::cli
