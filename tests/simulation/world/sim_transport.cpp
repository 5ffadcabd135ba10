#include "tests/simulation/world/sim_transport.hpp"

#include <algorithm>
#include <utility>

#include "tests/simulation/world/process.hpp"
#include "tests/simulation/world/sim_exchange.hpp"

namespace llmops::simulation {

// The client's side of a response.
class SimBody final : public BodyStream {
 public:
  SimBody(SimTransport& transport, SimEnv& env, std::shared_ptr<Connection> connection, Duration idle_timeout)
      : transport_(transport), env_(env), connection_(std::move(connection)), idle_timeout_(idle_timeout) {}
  ~SimBody() override { transport_.close_from_client(connection_); }

  Task<Result<std::string_view>> read() override {
    for (;;) {
      if (!connection_->chunks.empty()) {
        current_ = std::move(connection_->chunks.front());
        connection_->chunks.pop_front();
        co_return std::string_view(current_);
      }
      if (connection_->complete) co_return std::string_view();
      if (connection_->failure) co_return *connection_->failure;
      const std::optional<Duration> limit =
          idle_timeout_ > Duration(0) ? std::optional<Duration>(idle_timeout_) : std::nullopt;
      const Wake wake = co_await env_.wait(connection_->changed, limit);
      if (wake == Wake::Cancelled) co_return Error{ErrorCode::Cancelled, "cancelled"};
      if (wake == Wake::TimedOut) co_return Error{ErrorCode::DeadlineExceeded, "the body stopped"};
    }
  }

 private:
  SimTransport& transport_;
  SimEnv& env_;
  std::shared_ptr<Connection> connection_;
  Duration idle_timeout_;
  std::string current_;
};

class SimServer final : public Server {
 public:
  SimServer(SimTransport& transport, SimEnv& env, std::shared_ptr<Listener> listener)
      : transport_(transport), env_(env), listener_(std::move(listener)) {}
  ~SimServer() override { transport_.stop_listening(*listener_); }

  std::uint16_t port() const override { return listener_->port; }
  // The simulated network has no TLS.
  Result<void> use_certificate(const CertificatePair&) override { return {}; }
  std::size_t in_flight() const override { return listener_->answering.size(); }

  Task<std::size_t> drain(Duration limit) override {
    transport_.stop_listening(*listener_);
    const Duration end = env_.uptime() + limit;
    while (!listener_->answering.empty() && env_.uptime() < end) {
      if (co_await env_.wait(listener_->ended, end - env_.uptime()) == Wake::Cancelled) break;
    }
    const auto cut = listener_->answering;
    for (const auto& connection : cut) {
      transport_.reset_client(connection, "the server is shutting down");
      connection->client_gone = true;
      connection->handler.cancel();
    }
    co_return cut.size();
  }

 private:
  SimTransport& transport_;
  SimEnv& env_;
  std::shared_ptr<Listener> listener_;
};

namespace {

Task<void> answer(SimTransport& transport, std::shared_ptr<Listener> listener,
                  std::shared_ptr<Connection> connection, std::unique_ptr<SimExchange> exchange,
                  void (*reset)(SimTransport&, const std::shared_ptr<Connection>&)) {
  if (connection->request.body.size() > listener->options.max_body_bytes) {
    const auto& error_body = listener->options.error_body;
    std::string body = error_body ? error_body(413, "request body too large") : std::string();
    const Result<void> refused = co_await exchange->respond(413, Headers(), std::move(body));
    (void)refused;
  } else {
    co_await listener->handler(*exchange);
  }
  if (!exchange->finished()) reset(transport, connection);
  listener->answering.erase(connection);
  listener->ended.notify_all();
}

}  // namespace

SimTransport::SimTransport(World& world, Process& process) : world_(world), process_(process) {}
SimTransport::~SimTransport() = default;

void SimTransport::track(const std::shared_ptr<Connection>& connection) {
  std::erase_if(connections_, [](const auto& weak) { return weak.expired(); });
  connections_.push_back(connection);
}

Task<Result<HttpResponse>> SimTransport::exchange(const Peer& peer, const HttpRequest& request,
                                                  const ExchangeOptions& options) {
  return send(peer, request, options);
}

Task<Result<void>> SimTransport::preflight(Peer peer, ExchangeOptions options, Process* server) {
  const std::string identity = peer.host + ":" + std::to_string(peer.port) + " " + peer.pool + " " +
                               server->name + " " + std::to_string(server->starts);
  if (preflighted_.contains(identity)) co_return Result<void>();
  const Preflight check = *options.preflight;
  options.preflight = nullptr;
  Result<HttpResponse> response = co_await send(peer, check.request, options);
  if (!response.ok()) co_return response.error();
  const Result<std::string> body = co_await read_all(*response->body, 1u << 20);
  if (!body.ok()) co_return body.error();
  Result<void> accepted = check.accept(response->status, *body);
  if (accepted.ok()) preflighted_.insert(identity);
  co_return accepted;
}

Task<Result<HttpResponse>> SimTransport::send(Peer peer, HttpRequest request, ExchangeOptions options) {
  SimEnv& env = *process_.env;
  const Error cancelled{ErrorCode::Cancelled, "cancelled"};
  if (!env.alive()) co_return cancelled;
  std::optional<std::size_t> record;
  if (world_.crashes_before_send(process_, request, record)) {
    Notify never;
    co_await env.wait(never);
    co_return cancelled;
  }
  const Duration held = world_.stall(process_, record);
  Process* const server = world_.resolve(peer.host);
  const std::string target = server ? server->name : peer.host;
  const Fault fault = world_.faults_ ? world_.faults_(process_.name, target, request) : Fault::None;
  const bool listening = server && server->running() && server->transport->listeners_.contains(peer.port);
  if (!listening || fault == Fault::Refused || fault == Fault::RequestLost) {
    const Result<void> slept = co_await env.sleep(world_.latency() + world_.latency());
    if (!slept.ok()) co_return cancelled;
    const std::string why = fault == Fault::RequestLost ? ": connection reset" : ": connection refused";
    co_return Error{ErrorCode::Unavailable, peer.host + ":" + std::to_string(peer.port) + why};
  }
  if (options.preflight) {
    const Result<void> accepted = co_await preflight(peer, options, server);
    if (!accepted.ok()) co_return accepted.error();
  }
  auto connection = std::make_shared<Connection>();
  connection->client = &process_;
  connection->client_start = process_.starts;
  connection->server = server;
  connection->server_start = server->starts;
  connection->pool = peer.pool;
  connection->request = std::move(request);
  connection->record = record;
  connection->answers_lost = fault == Fault::ResponseLost;
  track(connection);
  if (fault != Fault::Hang && server->transport) {
    server->transport->track(connection);
    deliver_request(peer.port, connection, held);
  }
  const Duration limit =
      options.head_timeout > Duration(0) ? options.head_timeout : std::chrono::hours(24 * 365);
  const Duration deadline = env.uptime() + limit;
  while (!connection->head && !connection->failure) {
    const Wake wake = co_await env.wait(connection->changed, deadline - env.uptime());
    if (connection->head || connection->failure) break;
    if (wake == Wake::Notified) continue;
    close_from_client(connection);
    if (wake == Wake::Cancelled) co_return cancelled;
    co_return Error{ErrorCode::DeadlineExceeded, "no answer within " + format_duration(limit)};
  }
  if (!connection->head) co_return *connection->failure;
  HttpResponse response;
  response.status = connection->status;
  response.headers = connection->headers;
  response.body = std::make_unique<SimBody>(*this, env, connection, options.idle_timeout);
  co_return response;
}

void SimTransport::deliver_request(std::uint16_t port, std::shared_ptr<Connection> connection,
                                   Duration held) {
  const Duration delay = held + world_.latency();
  connection->last_to_server = world_.time() + delay;
  world_.schedule(delay, [port, connection] {
    Process& server = *connection->server;
    if (!server.running() || server.starts != connection->server_start) return;  // drop_all() told the client
    server.env->post([port, connection] { connection->server->transport->accept(port, connection); });
  });
}

void SimTransport::accept(std::uint16_t port, std::shared_ptr<Connection> connection) {
  if (!process_.env->alive()) return;
  const auto it = listeners_.find(port);
  if (it == listeners_.end()) {
    reset_client(connection, "connection refused");
    return;
  }
  const std::shared_ptr<Listener> listener = it->second;
  SimEnv& env = *process_.env;
  auto exchange = std::make_unique<SimExchange>(*this, env, connection, world_);
  listener->answering.insert(connection);
  connection->handler =
      env.spawn("http", answer(*this, listener, connection, std::move(exchange),
                               [](SimTransport& transport, const std::shared_ptr<Connection>& unfinished) {
                                 transport.reset_client(unfinished, "the server closed the connection");
                               }));
}

void SimTransport::to_client(const std::shared_ptr<Connection>& connection, bool is_head,
                             std::function<void(Connection&)> change) {
  if (!process_.env->alive()) return;
  if (connection->answers_lost) {
    if (is_head) reset_client(connection, "connection reset");
    return;
  }
  const Duration at = std::max(world_.time() + world_.latency(), connection->last_to_client);
  connection->last_to_client = at;
  World& world = world_;
  world_.schedule(at - world_.time(), [&world, connection, is_head, change = std::move(change)]() mutable {
    Process& client = *connection->client;
    if (!client.running() || client.starts != connection->client_start) return;
    client.env->post([&world, connection, is_head, change = std::move(change)] {
      if (connection->failure) return;
      if (is_head && !world.answer_arrives(*connection->client, connection->record)) return;
      change(*connection);
      connection->changed.notify_all();
    });
  });
}

void SimTransport::reset_client(const std::shared_ptr<Connection>& connection, std::string why) {
  const Duration at = std::max(world_.time() + world_.latency(), connection->last_to_client);
  connection->last_to_client = at;
  world_.schedule(at - world_.time(), [connection, why = std::move(why)] {
    Process& client = *connection->client;
    if (!client.running() || client.starts != connection->client_start) return;
    client.env->post([connection, why] {
      if (connection->complete || connection->failure) return;
      connection->failure = Error{ErrorCode::Unavailable, connection->server->name + ": " + why};
      connection->changed.notify_all();
    });
  });
}

void SimTransport::close_from_client(const std::shared_ptr<Connection>& connection) {
  if (connection->closed_by_client) return;
  connection->closed_by_client = true;
  const Duration at = std::max(world_.time() + world_.latency(), connection->last_to_server);
  connection->last_to_server = at;
  world_.schedule(at - world_.time(), [connection] {
    Process& server = *connection->server;
    if (!server.running() || server.starts != connection->server_start) return;
    server.env->post([connection] {
      connection->client_gone = true;
      connection->handler.cancel();
    });
  });
}

void SimTransport::drop_all() {
  listeners_.clear();
  for (const auto& weak : std::exchange(connections_, {})) {
    const auto connection = weak.lock();
    if (!connection) continue;
    if (connection->client == &process_ && connection->client_start == process_.starts)
      close_from_client(connection);
    if (connection->server == &process_ && connection->server_start == process_.starts)
      reset_client(connection, "connection reset");
  }
}

void SimTransport::close_pool(std::string_view pool) {
  for (const auto& weak : connections_) {
    const auto connection = weak.lock();
    if (!connection || connection->client != &process_ || connection->pool != pool || connection->complete)
      continue;
    close_from_client(connection);
    connection->failure = Error{ErrorCode::Unavailable, "the pool was closed"};
    connection->changed.notify_all();
  }
}

void SimTransport::stop_listening(const Listener& listener) {
  const auto it = listeners_.find(listener.port);
  if (it != listeners_.end() && it->second.get() == &listener) listeners_.erase(it);
}

Result<std::unique_ptr<Server>> SimTransport::serve(const ListenOptions& options, Handler handler) {
  auto listener = std::make_shared<Listener>();
  listener->options = options;
  listener->handler = std::move(handler);
  listener->port = options.port != 0 ? options.port : next_port_++;
  if (!listeners_.emplace(listener->port, listener).second)
    return Error{ErrorCode::Unavailable, "port " + std::to_string(listener->port) + " is taken"};
  return std::unique_ptr<Server>(std::make_unique<SimServer>(*this, *process_.env, listener));
}

}  // namespace llmops::simulation
