// The cluster's signing keys, fetched when a token names one that is not known: at most once in ten seconds,
// so that made-up key ids cannot load the API server.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "gateway/server/token.hpp"
#include "operator/platform/env.hpp"

namespace llmops::gateway {

class KeyCache {
 public:
  using Fetch = std::function<Task<Result<std::string>>()>;  // the text of the key set
  static constexpr Duration kRefreshInterval{10'000};

  KeyCache(Env& env, Fetch fetch) : env_(env), fetch_(std::move(fetch)) {}

  // Errors: those of verify_token; Unavailable when the keys cannot be had.
  Task<Result<TokenClaims>> verify(std::string token, std::string audience);

 private:
  Task<Result<void>> refresh();

  Env& env_;
  Fetch fetch_;
  KeySet keys_;
  std::optional<Duration> fetched_at_;
  bool fetching_ = false;
  std::optional<Error> failure_;
  Notify fetched_;
};

}  // namespace llmops::gateway
