// The simulated kube-apiserver (with the garbage collector of the controller manager): a process that
// answers the API's HTTP from an ObjectStore.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "operator/kube/client.hpp"
#include "operator/platform/transport.hpp"
#include "tests/simulation/world/object_store.hpp"
#include "tests/simulation/world/world.hpp"

namespace llmops::simulation {

struct ApiServerOptions {
  std::string name = "kube-apiserver";
  std::uint16_t port = 443;
  Duration bookmark_period{60'000};
  std::size_t page_size = 0;      // lists are cut into pages of so many items; 0: never
  Duration watch_lag{0};          // each batch of events is up to so much late
  Duration garbage_delay{2'000};  // an orphan is deleted within this time
  bool garbage_collection = true;
};

// An answer in place of the ordinary one, while it returns something: faults of the server itself.
struct InjectedAnswer {
  int status = 503;
  Headers headers;
  std::string body;
};
using Injector = std::function<std::optional<InjectedAnswer>(const HttpRequest&)>;

// One kind as one client sees it: its watches stand still.
struct Stale {
  std::string client;
  kube::ResourceType type;
  std::uint64_t at = 0;  // the newest revision that is told
};

// Outlives the server's process, as etcd does.
struct ApiServerState {
  explicit ApiServerState(World& world, ApiServerOptions options_)
      : options(std::move(options_)), store([&world] { return world.options().start + world.time(); }) {}
  ApiServerOptions options;
  ObjectStore store;
  Injector inject;
  std::uint64_t requests = 0;
  std::size_t open_watches = 0;

  // From now on watches of this kind tell this client nothing newer.
  void freeze(const std::string& client, const kube::ResourceType& type) {
    stale = Stale{client, type, store.revision()};
  }
  // They go on. `forget`: what was not told never will be (410), and the client lists again.
  void thaw(bool forget) {
    if (stale && forget) forgotten = Stale{stale->client, stale->type, store.revision()};
    stale.reset();
    store.notify_all();
  }
  // All watches end by 410.
  void expire_watches() {
    expired = store.revision();
    store.notify_all();
  }
  std::optional<Stale> stale, forgotten;
  std::uint64_t expired = 0;  // watches that are not beyond it have expired
  // Lists that an old server might answer from its cache: none may be.
  int lists_not_by_quorum = 0;
};

// Adds the process; the state may be used to look at and change objects from outside.
std::shared_ptr<ApiServerState> add_api_server(World& world, ApiServerOptions options = {});

// What a client of this server is configured with.
kube::ClientConfig client_config(const ApiServerOptions& options = {});

// Answers one request; for serving the store on a real Transport as well.
Task<void> answer_api(Env& env, std::shared_ptr<ApiServerState> state, ServerExchange& exchange);

}  // namespace llmops::simulation
