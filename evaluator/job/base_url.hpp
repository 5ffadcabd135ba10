// Where an HTTP API begins.
#pragma once

#include <string>
#include <string_view>

#include "crds/base/result.hpp"
#include "operator/platform/transport.hpp"

namespace llmops::evaluator {

struct BaseUrl {
  Peer peer;         // of https with the system's roots
  std::string path;  // without a slash at the end
};

// Error: InvalidArgument "allowed http://HOST:PORT/PATH or https://…"; it does not repeat the URL, which may
// be a secret's.
Result<BaseUrl> parse_base_url(std::string_view url);

}  // namespace llmops::evaluator
