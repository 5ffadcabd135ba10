#include "operator/platform/real/server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <cstdio>
#include <ctime>
#include <utility>

#include "operator/platform/real/server_connection.hpp"
#include "operator/platform/real/tls.hpp"

namespace llmops {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr std::size_t kScratchBytes = 64u << 10;
constexpr int kBacklog = 4096;
constexpr Duration kAcceptPause{100};
constexpr Duration kCutLimit{1'000};
// Beyond the limit of connections: so many at a time hear a 503, the others are closed.
constexpr std::size_t kRefusedAtATime = 64;

std::string http_date(std::time_t seconds) {
  static constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                utc.tm_sec);
  return text.data();
}

}  // namespace

Listener::Listener(Env& env, ListenOptions options, Handler handler)
    : env_(env),
      options_(std::move(options)),
      handler_(std::move(handler)),
      acceptor_(env.executor()),
      scratch_(kScratchBytes) {}

Result<void> Listener::open() {
  const std::string where = "listen on " + options_.address + ":" + std::to_string(options_.port);
  boost::system::error_code failure;
  const auto address = asio::ip::make_address(options_.address, failure);
  if (failure) return Error{ErrorCode::InvalidArgument, where + ": not an IP address"};
  if (options_.tls) {
    auto context = make_server_context(*options_.tls);
    if (!context.ok()) return with_context(context.error(), where);
    tls_ = std::move(*context);
  }
  const tcp::endpoint endpoint(address, options_.port);
  acceptor_.open(endpoint.protocol(), failure);
  if (!failure) acceptor_.set_option(asio::socket_base::reuse_address(true), failure);
  if (!failure && address.is_v6()) acceptor_.set_option(asio::ip::v6_only(false), failure);
  if (!failure) acceptor_.bind(endpoint, failure);
  if (!failure) acceptor_.listen(kBacklog, failure);
  if (failure) return Error{ErrorCode::Unavailable, where + ": " + failure.message()};
  port_ = acceptor_.local_endpoint(failure).port();
  accept();
  return {};
}

// Sessions hold the context that they were made with.
Result<void> Listener::use_certificate(const CertificatePair& pair) {
  if (!tls_) return Error{ErrorCode::InvalidArgument, "port " + std::to_string(port_) + " speaks plain HTTP"};
  auto context = make_server_context(pair);
  if (!context.ok()) return context.error();
  tls_ = std::move(*context);
  return {};
}

void Listener::accept() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_accept([self = shared_from_this()](boost::system::error_code failure, tcp::socket socket) {
    if (!self->acceptor_.is_open()) return;
    if (!failure) {
      self->accepted(std::move(socket));
      return self->accept();
    }
    // Out of file descriptors, or the client was gone before it was accepted.
    self->env_.call_after(kAcceptPause, [weak = self->weak_from_this()] {
      if (const auto listener = weak.lock()) listener->accept();
    });
  });
}

void Listener::accepted(tcp::socket socket) {
  if (connections_.size() >= options_.max_connections + kRefusedAtATime) return;
  boost::system::error_code gone;
  const auto remote = socket.remote_endpoint(gone);
  if (gone) return;
  SslPointer session;
  if (tls_) {
    auto made = make_server_session(*tls_);
    if (!made.ok()) return;
    session = std::move(*made);
  }
  const bool full = connections_.size() >= options_.max_connections;
  if (full && session) return;
  auto connection =
      std::make_shared<ServerConnection>(shared_from_this(), std::move(socket), remote.address().to_string());
  connections_.insert(connection);
  if (full) {
    connection->start_refused();
  } else {
    connection->start(std::move(session));
  }
}

void Listener::request_ended() {
  --in_flight_;
  ended_.notify_all();
}

void Listener::connection_ended(const std::shared_ptr<ServerConnection>& connection) {
  connections_.erase(connection);
  if (draining_) ended_.notify_all();
}

std::string Listener::error_body(int status, std::string_view reason) const {
  if (options_.error_body) return options_.error_body(status, reason);
  std::string body = "{\"error\":{\"code\":" + std::to_string(status) + ",\"message\":\"";
  for (const char c : reason) {
    if (c == '"' || c == '\\') body += '\\';
    body += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return body + "\"}}";
}

const std::string& Listener::date() {
  const auto second = std::chrono::floor<std::chrono::seconds>(env_.now()).time_since_epoch().count();
  if (second != date_second_ || date_.empty()) {
    date_second_ = second;
    date_ = http_date(static_cast<std::time_t>(second));
  }
  return date_;
}

Task<std::size_t> Listener::drain(Duration limit) {
  const auto self = shared_from_this();
  draining_ = true;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  const std::vector<std::shared_ptr<ServerConnection>> all(connections_.begin(), connections_.end());
  for (const auto& connection : all) connection->end_if_idle();
  const Duration until = env_.uptime() + limit;
  Wake wake = Wake::Notified;
  while (!idle() && wake == Wake::Notified) {
    const Duration left = std::max(until - env_.uptime(), Duration(0));
    wake = co_await env_.wait(ended_, left);
  }
  const std::size_t count = cut();
  // What was cut still has to notice; whoever drained may then let go of what the handlers use.
  wake = Wake::Notified;
  while (in_flight_ > 0 && wake == Wake::Notified) wake = co_await env_.wait(ended_, kCutLimit);
  co_return count;
}

std::size_t Listener::cut() {
  draining_ = true;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  const std::vector<std::shared_ptr<ServerConnection>> all(connections_.begin(), connections_.end());
  std::size_t count = 0;
  for (const auto& connection : all) count += connection->cut() ? 1 : 0;
  return count;
}

}  // namespace llmops
