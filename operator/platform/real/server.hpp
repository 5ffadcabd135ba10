// Requests in: the listener of one port.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "operator/platform/env.hpp"
#include "operator/platform/real/stream.hpp"
#include "operator/platform/transport.hpp"

namespace llmops {

class ServerConnection;

// What the connections of one port share. Lives until the last of them and the last handler have ended.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(Env& env, ListenOptions options, Handler handler);

  // Errors name the address: InvalidArgument (address, certificate), Unavailable (taken port).
  Result<void> open();
  std::uint16_t port() const { return port_; }
  Result<void> use_certificate(const CertificatePair& pair);
  std::size_t in_flight() const { return in_flight_; }
  bool draining() const { return draining_; }
  Task<std::size_t> drain(Duration limit);
  // Stops listening and ends everything now; handlers see Cancelled. The number of requests cut.
  std::size_t cut();

  // For connections.
  Env& env() { return env_; }
  const ListenOptions& options() const { return options_; }
  const Handler& handler() const { return handler_; }
  // Shared by all connections: what is received is used, or copied by the one that needs it longer.
  std::span<char> scratch() { return scratch_; }
  std::string error_body(int status, std::string_view reason) const;
  const std::string& date();
  void request_began() { ++in_flight_; }
  void request_ended();
  void connection_ended(const std::shared_ptr<ServerConnection>& connection);

 private:
  void accept();
  void accepted(boost::asio::ip::tcp::socket socket);
  bool idle() const { return connections_.empty() && in_flight_ == 0; }

  Env& env_;
  ListenOptions options_;
  Handler handler_;
  SslContext tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::vector<char> scratch_;
  std::unordered_set<std::shared_ptr<ServerConnection>> connections_;
  std::size_t in_flight_ = 0;
  bool draining_ = false;
  Notify ended_;
  std::string date_;
  std::int64_t date_second_ = 0;
};

class RealServer final : public Server {
 public:
  explicit RealServer(std::shared_ptr<Listener> listener) : listener_(std::move(listener)) {}
  ~RealServer() override { listener_->cut(); }
  std::uint16_t port() const override { return listener_->port(); }
  Result<void> use_certificate(const CertificatePair& pair) override {
    return listener_->use_certificate(pair);
  }
  std::size_t in_flight() const override { return listener_->in_flight(); }
  Task<std::size_t> drain(Duration limit) override { return listener_->drain(limit); }

 private:
  std::shared_ptr<Listener> listener_;
};

}  // namespace llmops
