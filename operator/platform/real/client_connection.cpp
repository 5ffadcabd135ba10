#include "operator/platform/real/client_connection.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "operator/platform/real/tls.hpp"

namespace llmops {

namespace asio = boost::asio;
using asio::ip::tcp;

ClientConnection::ClientConnection(asio::any_io_executor executor)
    : executor_(executor), stream_(tcp::socket(executor)), deadline_(executor, [this] {
        stop_ = Stop::TimedOut;
        stream_.close();
      }) {}

std::shared_ptr<ClientConnection> ClientConnection::make(asio::any_io_executor executor) {
  auto made = std::make_shared<ClientConnection>(std::move(executor));
  made->deadline_.own(made);
  return made;
}

void ClientConnection::end_by_pool() {
  stop_ = Stop::PoolClosed;
  stream_.close();
}

void ClientConnection::limit(Duration limit) {
  if (limit.count() > 0) {
    deadline_.set(limit);
  } else {
    deadline_.clear();
  }
}

Error ClientConnection::error() const {
  if (stop_ == Stop::TimedOut) return {ErrorCode::DeadlineExceeded, "no answer in time"};
  if (stop_ == Stop::PoolClosed) return {ErrorCode::Unavailable, "the pool of this connection was closed"};
  return {ErrorCode::Unavailable, stream_.failure().empty() ? "connection closed" : stream_.failure()};
}

Task<Result<void>> ClientConnection::readable() {
  if (co_await stream_.ready(Io::State::WantRead)) co_return Result<void>();
  if (stop_ != Stop::None) co_return error();
  co_return Error{ErrorCode::Cancelled, "cancelled"};
}

Task<Result<std::size_t>> ClientConnection::read(char* into, std::size_t size) {
  for (;;) {
    const Io io = stream_.read(into, size);
    if (io.state == Io::State::Done) co_return io.bytes;
    if (io.state == Io::State::End) co_return std::size_t{0};
    if (io.state == Io::State::Failed) co_return error();
    if (co_await stream_.ready(io.state)) continue;
    if (stop_ != Stop::None) co_return error();
    co_return Error{ErrorCode::Cancelled, "cancelled"};
  }
}

Task<Result<void>> ClientConnection::write(std::span<iovec> pieces, Duration limit_of_write) {
  bool limited = false;
  while (!pieces.empty()) {
    const Io io = stream_.write(pieces);
    if (io.state == Io::State::Done) {
      advance(pieces, io.bytes);
      continue;
    }
    if (!io.blocked()) co_return error();
    if (!std::exchange(limited, true)) limit(limit_of_write);
    if (co_await stream_.ready(io.state)) continue;
    if (stop_ != Stop::None) co_return error();
    co_return Error{ErrorCode::Cancelled, "cancelled"};
  }
  co_return Result<void>();
}

namespace {

struct Resolution {
  Notify done;
  std::optional<std::vector<tcp::endpoint>> endpoints;
  boost::system::error_code error;
};

}  // namespace

Task<Result<std::vector<tcp::endpoint>>> ClientConnection::resolve(Env& env, const Peer& peer,
                                                                   Duration limit) {
  boost::system::error_code not_literal;
  const auto address = asio::ip::make_address(peer.host, not_literal);
  if (!not_literal) co_return std::vector<tcp::endpoint>{tcp::endpoint(address, peer.port)};
  // getaddrinfo cannot be interrupted: whoever stops waiting leaves it behind.
  const auto resolution = std::make_shared<Resolution>();
  tcp::resolver resolver(executor_);
  resolver.async_resolve(
      peer.host, std::to_string(peer.port), tcp::resolver::numeric_service,
      [resolution](boost::system::error_code failure, const tcp::resolver::results_type& found) {
        resolution->error = failure;
        resolution->endpoints.emplace();
        for (const auto& entry : found) resolution->endpoints->push_back(entry.endpoint());
        resolution->done.notify_all();
      });
  while (!resolution->endpoints) {
    const Wake wake = co_await env.wait(resolution->done, limit);
    if (wake == Wake::Cancelled) co_return Error{ErrorCode::Cancelled, "cancelled"};
    if (wake == Wake::TimedOut) co_return Error{ErrorCode::DeadlineExceeded, "name not resolved in time"};
  }
  if (resolution->error || resolution->endpoints->empty())
    co_return Error{ErrorCode::Unavailable,
                    "cannot resolve \"" + peer.host + "\": " + resolution->error.message()};
  co_return std::move(*resolution->endpoints);
}

Task<Result<void>> ClientConnection::connect_to(const tcp::endpoint& endpoint) {
  boost::system::error_code failure;
  stream_.socket().open(endpoint.protocol(), failure);
  if (failure) co_return Error{ErrorCode::Unavailable, failure.message()};
  stream_.tune();
  const int socket = stream_.socket().native_handle();
  if (::connect(socket, endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0)
    co_return Result<void>();
  if (errno != EINPROGRESS) co_return Error{ErrorCode::Unavailable, std::strerror(errno)};
  if (!co_await stream_.ready(Io::State::WantWrite)) {
    if (stop_ != Stop::None) co_return error();
    co_return Error{ErrorCode::Cancelled, "cancelled"};
  }
  int status = 0;
  socklen_t size = sizeof status;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &status, &size);
  if (status != 0) co_return Error{ErrorCode::Unavailable, std::strerror(status)};
  co_return Result<void>();
}

Task<Result<void>> ClientConnection::shake_hands(const Peer& peer, SSL_CTX& context) {
  auto session = make_client_session(context, *peer.tls, peer.host);
  if (!session.ok()) co_return session.error();
  if (!stream_.use_tls(std::move(*session))) co_return Error{ErrorCode::Internal, "no TLS session"};
  for (;;) {
    const Io io = stream_.handshake();
    if (io.state == Io::State::Done) co_return Result<void>();
    if (!io.blocked()) co_return error();
    if (co_await stream_.ready(io.state)) continue;
    if (stop_ != Stop::None) co_return error();
    co_return Error{ErrorCode::Cancelled, "cancelled"};
  }
}

Task<Result<void>> ClientConnection::connect(Env& env, const Peer& peer, SSL_CTX* context, Duration limit) {
  const Duration until = env.uptime() + limit;
  auto endpoints = co_await resolve(env, peer, limit);
  if (!endpoints.ok()) co_return endpoints.error();
  Result<void> connected = Error{ErrorCode::Unavailable, "no address"};
  for (std::size_t i = 0; i < endpoints->size(); ++i) {
    if (stop_ == Stop::PoolClosed) co_return error();
    // Each address gets its share of what is left, so that one that swallows packets does not eat it all.
    const auto left = std::max(until - env.uptime(), Duration(1));
    stop_ = Stop::None;
    deadline_.set(std::max(left / static_cast<Duration::rep>(endpoints->size() - i), Duration(1)));
    const tcp::endpoint endpoint = (*endpoints)[i];
    connected = co_await connect_to(endpoint);
    if (connected.ok()) break;
    stream_.close();
    if (connected.error().code == ErrorCode::Cancelled) co_return connected;
  }
  if (!connected.ok()) co_return connected;
  if (context) {
    deadline_.set(std::max(until - env.uptime(), Duration(1)));
    connected = co_await shake_hands(peer, *context);
    if (!connected.ok()) co_return connected;
  }
  deadline_.clear();
  co_return Result<void>();
}

}  // namespace llmops
