// The seam to the network, cut at HTTP: requests out, requests in. No code outside operator/platform/real/
// sees a socket.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "crds/base/result.hpp"
#include "crds/base/time.hpp"
#include "operator/platform/http.hpp"
#include "operator/platform/task.hpp"

namespace llmops {

// How the other side is verified and who we are to it. PEM texts, not paths: whoever reloads files makes a
// new value, and connections made with the old one are not reused.
struct TlsClient {
  std::string ca_pem;           // empty: the system's roots
  std::string certificate_pem;  // with key_pem: a client certificate
  std::string key_pem;
  std::string server_name;  // overrides the name for SNI and verification
  bool insecure_skip_verify = false;
};

// Where a request goes. Connections are kept and shared per (host, port, tls, pool).
struct Peer {
  std::string host;  // name or IP literal, without brackets
  std::uint16_t port = 80;
  std::shared_ptr<const TlsClient> tls;  // null: plain HTTP
  // Connections of different pools are never shared, e.g. a pod's UID, or "lease".
  std::string pool;
};

// Asked once on every new connection before it carries a request; an error closes the connection and is
// the exchange's result. So that a reused pod IP cannot answer for another pod.
struct Preflight {
  HttpRequest request;
  std::function<Result<void>(int status, std::string_view body)> accept;
};

struct ExchangeOptions {
  Duration connect_timeout{5'000};
  Duration head_timeout{30'000};  // from the request's last byte to the response's header; 0: none
  Duration idle_timeout{60'000};  // between two reads of the body; 0: none
  bool reuse_connection = true;   // false: a connection of its own (a watch)
  const Preflight* preflight = nullptr;
};

struct CertificatePair {
  std::string certificate_pem;  // leaf first, then the chain
  std::string key_pem;
};

class Server {
 public:
  virtual ~Server() = default;
  virtual std::uint16_t port() const = 0;
  // New handshakes get this pair; connections that are open stay. InvalidArgument: the pair is none, or the
  // server speaks plain HTTP; everything stays as it is.
  virtual Result<void> use_certificate(const CertificatePair& pair) = 0;
  // Requests being answered now.
  virtual std::size_t in_flight() const = 0;
  // Takes no new connections, ends idle ones, sends "Connection: close" on the rest, and waits for them to
  // end for at most `limit`; then cuts what is left. Returns the number cut.
  virtual Task<std::size_t> drain(Duration limit) = 0;
};

// One request being answered. The whole request (bounded by ListenOptions) has been read before the handler
// runs. If the client goes away meanwhile, the handler's task is cancelled: whatever it awaits returns
// Cancelled.
enum class HeadGoes { AtOnce, WithNext };

class ServerExchange {
 public:
  virtual ~ServerExchange() = default;
  virtual const HttpRequest& request() const = 0;
  virtual HttpRequest& request() = 0;  // the handler may move the body out
  virtual std::string_view peer_address() const = 0;

  // A whole response with Content-Length. With "Connection: close" among the headers, here or in start(), the
  // connection ends after the answer.
  virtual Task<Result<void>> respond(int status, Headers headers, std::string body) = 0;

  // A response in pieces (chunked). Each write is flushed; so is the head, unless it may wait for the write
  // or finish that follows at once, to go out with it.
  virtual Task<Result<void>> start(int status, Headers headers, HeadGoes head = HeadGoes::AtOnce) = 0;
  virtual Task<Result<void>> write(std::string_view bytes) = 0;
  // With `last` as a last write, sent together with the end.
  virtual Task<Result<void>> finish(std::string_view last = {}) = 0;
  virtual bool started() const = 0;
};

using Handler = std::function<Task<void>(ServerExchange&)>;

struct ListenOptions {
  std::string address = "0.0.0.0";
  std::uint16_t port = 0;  // 0: any free port, see Server::port()
  std::optional<CertificatePair> tls;
  std::size_t max_header_bytes = 32u << 10;
  std::size_t max_body_bytes = 1u << 20;
  Duration request_timeout{20'000};  // from the first byte of a request to its last
  Duration idle_timeout{120'000};    // between requests of a connection
  Duration write_timeout{60'000};    // a client that does not read
  std::size_t max_connections = 10'000;
  // The body (application/json) of an answer that the server itself gives: 400, 408, 413, 431, 503.
  std::function<std::string(int status, std::string_view reason)> error_body;
};

class Transport {
 public:
  virtual ~Transport() = default;

  // Sends the request and returns when the response's header has come. Errors: Unavailable (refused, reset,
  // no such host), DeadlineExceeded, Cancelled, InvalidArgument (not HTTP). A request that failed on a reused
  // connection before any response byte is sent once more on a new one, when it is a GET or HEAD.
  virtual Task<Result<HttpResponse>> exchange(const Peer& peer, const HttpRequest& request,
                                              const ExchangeOptions& options) = 0;

  // Closes every connection of this pool, idle or busy.
  virtual void close_pool(std::string_view pool) = 0;

  // Starts to listen. The handler runs as a task of its own for each request.
  virtual Result<std::unique_ptr<Server>> serve(const ListenOptions& options, Handler handler) = 0;
};

}  // namespace llmops
