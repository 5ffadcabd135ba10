// Requests out: one exchange is one request on one connection and the stream of its response.
#pragma once

#include <memory>

#include "operator/platform/real/connection_pool.hpp"
#include "operator/platform/transport.hpp"

namespace llmops {

class Client {
 public:
  explicit Client(Env& env) : pool_(std::make_shared<ConnectionPool>(env)) {}
  ~Client() { pool_->close_all(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // As Transport::exchange.
  Task<Result<HttpResponse>> exchange(const Peer& peer, const HttpRequest& request,
                                      const ExchangeOptions& options);
  void close_pool(std::string_view pool) { pool_->close(pool); }

 private:
  std::shared_ptr<ConnectionPool> pool_;
};

}  // namespace llmops
