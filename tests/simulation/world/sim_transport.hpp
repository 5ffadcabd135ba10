// The Transport of one simulated process. Requests go by host name to other processes of the world.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "operator/platform/transport.hpp"

namespace llmops::simulation {

class World;
struct Process;
struct Connection;
struct Listener;

class SimTransport final : public Transport {
 public:
  SimTransport(World& world, Process& process);
  ~SimTransport() override;

  Task<Result<HttpResponse>> exchange(const Peer& peer, const HttpRequest& request,
                                      const ExchangeOptions& options) override;
  void close_pool(std::string_view pool) override;
  Result<std::unique_ptr<Server>> serve(const ListenOptions& options, Handler handler) override;

  // The process ends: peers see a reset.
  void drop_all();

 private:
  friend class SimServer;
  friend class SimExchange;
  friend class SimBody;

  Task<Result<HttpResponse>> send(Peer peer, HttpRequest request, ExchangeOptions options);
  Task<Result<void>> preflight(Peer peer, ExchangeOptions options, Process* server);
  void deliver_request(std::uint16_t port, std::shared_ptr<Connection> connection, Duration held);
  void accept(std::uint16_t port, std::shared_ptr<Connection> connection);
  void close_from_client(const std::shared_ptr<Connection>& connection);
  // Brings a change of the response to the client; `is_head` marks the first one.
  void to_client(const std::shared_ptr<Connection>& connection, bool is_head,
                 std::function<void(Connection&)> change);
  void reset_client(const std::shared_ptr<Connection>& connection, std::string why);
  void track(const std::shared_ptr<Connection>& connection);
  void stop_listening(const Listener& listener);

  World& world_;
  Process& process_;
  std::map<std::uint16_t, std::shared_ptr<Listener>> listeners_;
  std::list<std::weak_ptr<Connection>> connections_;  // as client and as server
  std::set<std::string> preflighted_;
  std::uint16_t next_port_ = 30'000;
};

}  // namespace llmops::simulation
