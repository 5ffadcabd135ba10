// Rules that an outside service answers (type detector), asked over HTTP.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

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

class DetectorClient {
 public:
  DetectorClient(Transport& transport, EndpointSource endpoints)
      : transport_(transport), endpoints_(std::move(endpoints)) {}

  // Whether the service found something in `text`; nothing when it did not say so within its own time-out and
  // `limit`. Cancelled is told apart: then nobody waits any more.
  Task<Result<std::optional<bool>>> ask(guard::ExternalCheck check, std::string text, Duration limit);

 private:
  Transport& transport_;
  EndpointSource endpoints_;
};

}  // namespace llmops::gateway
