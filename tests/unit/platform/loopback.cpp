#include "loopback.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <thread>
#include <utility>

namespace llmops {
namespace {

Task<void> store(Transport& transport, const Peer& peer, const HttpRequest& request,
                 const ExchangeOptions& options, std::optional<Result<Answer>>& into) {
  into = co_await fetch(transport, peer, request, options);
}

}  // namespace

Task<Result<Answer>> fetch(Transport& transport, const Peer& peer, const HttpRequest& request,
                           const ExchangeOptions& options) {
  auto response = co_await transport.exchange(peer, request, options);
  if (!response.ok()) co_return response.error();
  auto body = co_await read_all(*response->body, 64u << 20);
  if (!body.ok()) co_return body.error();
  Answer answer;
  answer.status = response->status;
  answer.headers = std::move(response->headers);
  answer.body = std::move(*body);
  co_return answer;
}

Task<void> say_hello(ServerExchange& exchange) {
  Headers headers{{"Content-Type", "text/plain"}};
  const auto sent = co_await exchange.respond(200, std::move(headers), "hello");
  EXPECT_TRUE(sent.ok());
}

Task<void> echo(ServerExchange& exchange) {
  std::string body = std::move(exchange.request().body);
  const auto sent = co_await exchange.respond(200, Headers(), std::move(body));
  EXPECT_TRUE(sent.ok());
}

Task<void> answer_nothing(ServerExchange&) {
  co_return;
}

Task<void> hold(ServerExchange& exchange, std::shared_ptr<Held> held) {
  ++held->begun;
  held->changed.notify_all();
  while (!held->release) {
    if (co_await held->env->wait(held->changed) != Wake::Cancelled) continue;
    ++held->cancelled;
    held->changed.notify_all();
    co_return;
  }
  co_await say_hello(exchange);
}

std::unique_ptr<Server> Loopback::serve(Handler handler, ListenOptions options) {
  options.address = "127.0.0.1";
  auto server = loop_.transport().serve(options, std::move(handler));
  EXPECT_TRUE(server.ok()) << (server.ok() ? "" : server.error().message);
  return server.ok() ? std::move(*server) : nullptr;
}

Peer Loopback::peer_of(const Server& server) {
  Peer peer;
  peer.host = "127.0.0.1";
  peer.port = server.port();
  return peer;
}

Result<Answer> Loopback::ask(const Peer& peer, const HttpRequest& request, const ExchangeOptions& options) {
  std::optional<Result<Answer>> answer;
  loop_.run_until_done("ask", store(loop_.transport(), peer, request, options, answer));
  return std::move(*answer);
}

Result<Answer> Loopback::get(const Server& server, std::string target) {
  return ask(peer_of(server), HttpRequest("GET", std::move(target)));
}

std::string Loopback::talk(std::uint16_t port, std::string bytes, bool close_after_sending) {
  std::string received;
  std::thread client([&] {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const timeval limit{10, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      std::size_t sent = 0;
      while (sent < bytes.size()) {
        const ssize_t step = ::send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (step <= 0) break;
        sent += static_cast<std::size_t>(step);
      }
      if (close_after_sending) ::shutdown(socket, SHUT_WR);
      std::array<char, 4096> piece{};
      for (;;) {
        const ssize_t got = ::recv(socket, piece.data(), piece.size(), 0);
        if (got <= 0) break;
        received.append(piece.data(), static_cast<std::size_t>(got));
      }
    }
    ::close(socket);
    loop_.stop();
  });
  loop_.run();
  client.join();
  return received;
}

ScriptedServer::ScriptedServer(std::vector<std::vector<std::string>> scripts) : scripts_(std::move(scripts)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(listener_, 8), 0);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

ScriptedServer::~ScriptedServer() {
  ::shutdown(listener_, SHUT_RDWR);
  if (thread_.joinable()) thread_.join();
  ::close(listener_);
}

Peer ScriptedServer::peer() const {
  Peer peer;
  peer.host = "127.0.0.1";
  peer.port = port_;
  return peer;
}

std::size_t ScriptedServer::requests() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  return requests_;
}

void ScriptedServer::run() {
  for (const auto& script : scripts_) {
    const int connection = ::accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    const timeval limit{10, 0};
    ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    for (const std::string& line : script) {
      std::string request;
      std::array<char, 4096> piece{};
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = ::recv(connection, piece.data(), piece.size(), 0);
        if (got <= 0) break;
        request.append(piece.data(), static_cast<std::size_t>(got));
      }
      if (request.empty()) break;
      ++requests_;
      std::ignore = ::send(connection, line.data(), line.size(), MSG_NOSIGNAL);
    }
    ::close(connection);
  }
}

}  // namespace llmops
