// Bytes over TCP, plain or TLS, without blocking. OpenSSL reads and writes the socket itself; Asio only says
// when it is ready. So an idle connection holds no buffer and the SSL templates of Asio are not needed.
#pragma once

#include <openssl/ssl.h>
#include <sys/uio.h>

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "operator/platform/task.hpp"

namespace llmops {

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslPointer = std::unique_ptr<SSL, SslDeleter>;
using SslContext = std::shared_ptr<SSL_CTX>;

// What one attempt gave.
struct Io {
  enum class State { Done, WantRead, WantWrite, End, Failed };
  State state = State::Done;
  std::size_t bytes = 0;
  bool blocked() const { return state == State::WantRead || state == State::WantWrite; }
};

class Stream {
 public:
  explicit Stream(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

  // After the socket is connected: no delay, keep-alive 15/5/3 s, TCP_USER_TIMEOUT 30 s, non-blocking.
  void tune();
  // From here on TLS; call handshake() until it is Done.
  bool use_tls(SslPointer ssl);
  Io handshake();

  Io read(char* into, std::size_t size);
  // Writes a prefix of all pieces; `bytes` says how much. At most one system call when plain.
  Io write(std::span<const iovec> pieces);
  // Waits until the blocked attempt may be repeated. False when the stream was closed or the task cancelled.
  Task<bool> ready(Io::State want);
  // Bytes that were received but not read yet; the socket will not say so.
  bool pending() const { return ssl_ && SSL_pending(ssl_.get()) > 0; }
  // The idle connection can still be used: open, and nothing unasked to read.
  bool quiet();
  // No more bytes from us; the other side may still send.
  void shut_down_write();
  void close();

  bool is_open() const { return socket_.is_open(); }
  bool is_tls() const { return ssl_ != nullptr; }
  SSL* ssl() { return ssl_.get(); }
  boost::asio::ip::tcp::socket& socket() { return socket_; }
  // Why the last call was Failed.
  const std::string& failure() const { return failure_; }

 private:
  Io failed(std::string why);
  Io from_errno();
  Io from_ssl(int result);

  boost::asio::ip::tcp::socket socket_;
  SslPointer ssl_;
  bool handshaken_ = false;
  std::string failure_;
};

// Removes the first `bytes` bytes.
void advance(std::span<iovec>& pieces, std::size_t bytes);

// The span must not outlive the text.
iovec piece(std::string_view text);

}  // namespace llmops
