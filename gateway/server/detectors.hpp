// Rules that an outside service answers (type detector), asked over HTTP.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crds/base/result.hpp"
#include "gateway/guard/guard.hpp"
#include "operator/platform/env.hpp"
#include "operator/platform/transport.hpp"

namespace llmops::gateway {

// What a Secret of the type llmops.dev/endpoint says.
struct ServiceEndpoint {
  Peer peer;
  std::string path_prefix;  // of its url, without a slash at the end
  std::string token;        // empty: none
};

// By the name of the endpoint's Secret.
using EndpointSource = std::function<Result<ServiceEndpoint>(const std::string& name)>;

// Reads <folder>/<name>/{url,token,ca}, as the kubelet mounts them, again at most once a minute (`env` tells
// the time). Errors: NotFound, InvalidArgument (a url that is none).
EndpointSource endpoints_in_folder(Env& env, std::string folder);

struct DetectorQuestion {
  guard::ExternalCheck check;
  std::string text;
};

// Whether the service found something; nothing when it did not say so in time.
using DetectorAnswer = std::optional<bool>;

class DetectorClient {
 public:
  // Questions of one call that are out at the same time.
  static constexpr std::size_t kMaxAtOnce = 16;

  DetectorClient(Env& env, Transport& transport, EndpointSource endpoints)
      : env_(env), transport_(transport), endpoints_(std::move(endpoints)) {}

  // The answers in the order of the questions, which are asked at once. Each has its own time-out, at most
  // `limit`. Errors: Cancelled (nobody waits any more).
  Task<Result<std::vector<DetectorAnswer>>> ask(std::vector<DetectorQuestion> questions, Duration limit);

 private:
  struct Round;
  Task<Result<DetectorAnswer>> ask_one(const DetectorQuestion& question, Duration limit);
  static Task<void> work(DetectorClient& client, std::shared_ptr<Round> round);

  Env& env_;
  Transport& transport_;
  EndpointSource endpoints_;
};

}  // namespace llmops::gateway
