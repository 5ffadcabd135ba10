// The server's side of one simulated exchange.
#pragma once

#include <memory>
#include <string>

#include "tests/simulation/world/process.hpp"

namespace llmops::simulation {

class SimExchange final : public ServerExchange {
 public:
  SimExchange(SimTransport& transport, SimEnv& env, std::shared_ptr<Connection> connection, World& world);

  const HttpRequest& request() const override { return connection_->request; }
  HttpRequest& request() override { return connection_->request; }
  std::string_view peer_address() const override { return connection_->client->name; }
  Task<Result<void>> respond(int status, Headers headers, std::string body) override;
  Task<Result<void>> start(int status, Headers headers, HeadGoes head) override;
  Task<Result<void>> write(std::string_view bytes) override;
  Task<Result<void>> finish(std::string_view last) override;
  bool started() const override { return started_; }
  bool finished() const { return finished_; }

 private:
  Result<void> usable() const;
  Result<void> begin(int status, Headers headers, std::string body, bool complete);
  Result<void> send(std::string bytes);

  SimTransport& transport_;
  SimEnv& env_;
  std::shared_ptr<Connection> connection_;
  World& world_;
  bool started_ = false;
  bool finished_ = false;
};

}  // namespace llmops::simulation
