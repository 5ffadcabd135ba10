// Says which engine pods are servable: /health answers 200, the engine is the one that we mean, and it has
// produced a first token. An endpoint that is not servable is asked again soon and then every few seconds; a
// servable one is looked at every five seconds, and at once after a request failed on it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "gateway/router/router.hpp"
#include "gateway/server/log.hpp"
#include "operator/platform/env.hpp"
#include "operator/platform/transport.hpp"

namespace llmops::gateway {

class Prober {
 public:
  static constexpr Duration kFirstRetry{200};
  static constexpr Duration kLongestRetry{3'000};
  static constexpr Duration kCheckInterval{5'000};
  static constexpr Duration kCheckTimeout{3'000};
  static constexpr Duration kWarmUpTimeout{60'000};

  // `changed` is called whenever an endpoint became servable or ceased to be.
  Prober(Env& env, Transport& transport, Router& router, const Log& log, std::function<void()> changed)
      : env_(env), transport_(transport), router_(router), log_(log), changed_(std::move(changed)) {}

  // After endpoints or the configuration changed: starts a probe for each new endpoint, ends those of gone
  // ones.
  void sync();
  // A request failed on this pod: it gets no more until a probe, which comes at once, has found it servable.
  void endpoint_failed(const std::string& pod_uid);

 private:
  struct Probe {
    EndpointPointer endpoint;
    Notify poke;
    bool poked = false;
    bool warmed = false;
    int failures = 0;
    TaskHandle task;
  };
  struct Finding {
    std::int64_t slots = 0;
  };

  Task<void> run(std::shared_ptr<Probe> probe);
  Task<Result<Finding>> look(std::shared_ptr<Probe> probe, RevisionPointer revision);
  Task<Result<std::string>> get(Peer peer, std::string path, Duration limit);
  Task<Result<void>> warm_up(Peer peer, RevisionPointer revision);
  void set_servable(const Probe& probe, bool servable, std::int64_t slots);

  Env& env_;
  Transport& transport_;
  Router& router_;
  const Log& log_;
  std::function<void()> changed_;
  std::map<EndpointPointer, std::shared_ptr<Probe>> probes_;
};

// Where the engine of this endpoint listens.
Peer peer_of(const Endpoint& endpoint, const Revision& revision);

}  // namespace llmops::gateway
