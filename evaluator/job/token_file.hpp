// A bearer token that the kubelet renews in place.
#pragma once

#include <optional>
#include <string>

#include "crds/base/time.hpp"

namespace llmops::evaluator {

class TokenFile {
 public:
  static constexpr Duration kReadAgain{60'000};

  // An empty path: no token.
  explicit TokenFile(std::string path) : path_(std::move(path)) {}

  // The token as read at most kReadAgain ago; a file that cannot be read again leaves the last token in
  // force. Empty when there is none. `uptime`: Env::uptime().
  const std::string& get(Duration uptime);
  bool configured() const { return !path_.empty(); }

 private:
  std::string path_;
  std::string token_;
  std::optional<Duration> read_at_;
};

}  // namespace llmops::evaluator
