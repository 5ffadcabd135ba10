#include "operator/platform/real/client.hpp"

#include <array>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "operator/platform/real/response_body.hpp"

namespace llmops {
namespace {

constexpr std::size_t kMaxPreflightBytes = 1u << 20;
constexpr Duration kWriteTimeout{60'000};

bool is_ours(std::string_view name) {
  for (const std::string_view ours : {std::string_view("host"), std::string_view("content-length"),
                                      std::string_view("connection"), std::string_view("transfer-encoding")})
    if (Headers::equal_names(name, ours)) return true;
  return false;
}

Result<std::string> serialise_head(const Peer& peer, const HttpRequest& request, bool keep_alive) {
  if (!is_token(request.method)) return Error{ErrorCode::InvalidArgument, "malformed method"};
  if (!is_request_target(request.target))
    return Error{ErrorCode::InvalidArgument, "malformed request target"};
  if (peer.host.empty() || !is_request_target(peer.host))
    return Error{ErrorCode::InvalidArgument, "malformed host \"" + peer.host + "\""};
  std::string head;
  head.reserve(512);
  head.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\nHost: ");
  const bool bracketed = peer.host.find(':') != std::string::npos;
  head.append(bracketed ? "[" : "").append(peer.host).append(bracketed ? "]" : "");
  if (peer.port != (peer.tls ? 443 : 80)) head.append(":").append(std::to_string(peer.port));
  head.append("\r\n");
  for (const auto& [name, value] : request.headers) {
    if (is_ours(name)) continue;
    if (!is_token(name) || !is_field_value(value))
      return Error{ErrorCode::InvalidArgument, "malformed header field \"" + name + "\""};
    head.append(name).append(": ").append(value).append("\r\n");
  }
  const bool carries_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (carries_body || !request.body.empty())
    head.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  if (!keep_alive) head.append("Connection: close\r\n");
  head.append("\r\n");
  return head;
}

// The header of the response, on this connection. `stale` tells that the peer had hung up before it began to
// answer.
Task<Result<HttpResponse>> send(std::shared_ptr<ConnectionPool> pool, Lease& lease, const Peer& peer,
                                const HttpRequest& request, const ExchangeOptions& options,
                                std::unique_ptr<ResponseBody>& body, bool& stale) {
  auto head = serialise_head(peer, request, options.reuse_connection);
  if (!head.ok()) co_return head.error();
  std::array<iovec, 2> pieces{piece(*head), piece(request.body)};
  // One TLS record for all of a small request.
  if (lease->stream().is_tls() && request.body.size() < (16u << 10)) {
    head->append(request.body);
    pieces = {piece(*head), piece({})};
  }
  const auto written = co_await lease->write(pieces, kWriteTimeout);
  if (!written.ok() && written.error().code != ErrorCode::Unavailable) co_return written.error();
  lease->limit(options.head_timeout);
  body = std::make_unique<ResponseBody>(pool, std::move(lease), request.method == "HEAD");
  // Also after a failed write: a peer that refuses a large body answers before it hangs up.
  auto response = co_await body->read_head();
  if (response.ok()) co_return response;
  stale = !body->answered() && response.error().code == ErrorCode::Unavailable && !body->ended_by_pool();
  if (!written.ok()) co_return written.error();
  co_return response;
}

// Asks the question that a new connection must answer before it carries a request.
Task<Result<void>> ask_preflight(std::shared_ptr<ConnectionPool> pool, Lease& lease, const Peer& peer,
                                 const ExchangeOptions& options) {
  const Preflight& preflight = *options.preflight;
  ExchangeOptions kept = options;
  kept.reuse_connection = true;
  std::unique_ptr<ResponseBody> body;
  bool stale = false;
  const auto response = co_await send(pool, lease, peer, preflight.request, kept, body, stale);
  if (!response.ok()) co_return response.error();
  body->begin_body(options.idle_timeout, ResponseBody::Afterwards::ToCaller);
  const auto text = co_await read_all(*body, kMaxPreflightBytes);
  if (!text.ok()) co_return text.error();
  const auto accepted = preflight.accept(response->status, *text);
  if (!accepted.ok()) co_return accepted.error();
  lease = body->take_lease();
  if (!lease) co_return Error{ErrorCode::Unavailable, "connection closed after the preflight"};
  lease->preflighted = true;
  co_return Result<void>();
}

Error named(const Error& error, const Peer& peer, const HttpRequest& request) {
  return with_context(error, request.method + (peer.tls ? " https://" : " http://") + peer.host + ":" +
                                 std::to_string(peer.port) + request.target);
}

}  // namespace

Task<Result<HttpResponse>> Client::exchange(const Peer& peer, const HttpRequest& request,
                                            const ExchangeOptions& options) {
  const auto pool = pool_;
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  if (state.cancelled() != boost::asio::cancellation_type::none)
    co_return Error{ErrorCode::Cancelled, "cancelled"};
  const bool repeatable = request.method == "GET" || request.method == "HEAD";
  for (bool first = true;; first = false) {
    Lease lease;
    if (first && options.reuse_connection) lease = pool->take(peer);
    const bool reused = static_cast<bool>(lease);
    if (!reused) {
      auto context = pool->context(peer.tls);
      if (!context.ok()) co_return named(context.error(), peer, request);
      lease = pool->make(peer);
      const auto connected =
          co_await lease->connect(pool->env(), peer, context->get(), options.connect_timeout);
      if (!connected.ok()) co_return named(connected.error(), peer, request);
    }
    if (options.preflight && !lease->preflighted) {
      const auto accepted = co_await ask_preflight(pool, lease, peer, options);
      if (!accepted.ok()) co_return named(accepted.error(), peer, request);
    }
    std::unique_ptr<ResponseBody> body;
    bool stale = false;
    auto response = co_await send(pool, lease, peer, request, options, body, stale);
    if (response.ok()) {
      using Afterwards = ResponseBody::Afterwards;
      body->begin_body(options.idle_timeout,
                       options.reuse_connection ? Afterwards::ToPool : Afterwards::Close);
      response->body = std::move(body);
      co_return response;
    }
    if (!(reused && stale && repeatable)) co_return named(response.error(), peer, request);
  }
}

}  // namespace llmops
