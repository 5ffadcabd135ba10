#include "operator/platform/real/stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>

#include "operator/platform/real/tls.hpp"

namespace llmops {

namespace asio = boost::asio;

namespace {

void set_option(int socket, int level, int name, int value) {
  ::setsockopt(socket, level, name, &value, sizeof value);
}

}  // namespace

void Stream::tune() {
  const int socket = socket_.native_handle();
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 15);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
  boost::system::error_code ignored;
  socket_.native_non_blocking(true, ignored);
}

Io Stream::failed(std::string why) {
  failure_ = std::move(why);
  return {Io::State::Failed, 0};
}

Io Stream::from_errno() {
  return failed(std::strerror(errno));
}

Io Stream::from_ssl(int result) {
  const int saved = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {Io::State::WantRead, 0};
    case SSL_ERROR_WANT_WRITE:
      return {Io::State::WantWrite, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {Io::State::End, 0};
    case SSL_ERROR_SYSCALL:
      return failed(saved != 0 ? std::strerror(saved) : "connection closed");
    default:
      break;
  }
  const unsigned long code = ERR_peek_error();
  const long verified = SSL_get_verify_result(ssl_.get());
  if (!handshaken_ && verified != X509_V_OK)
    return failed(std::string("certificate not accepted: ") + X509_verify_cert_error_string(verified));
  const char* reason = ERR_reason_error_string(code);
  return failed(std::string("TLS: ") + (reason ? reason : "protocol error"));
}

bool Stream::use_tls(SslPointer ssl) {
  ssl_ = std::move(ssl);
  return attach_socket(*ssl_, socket_.native_handle());
}

Io Stream::handshake() {
  if (!socket_.is_open()) return failed("connection closed");
  ERR_clear_error();
  errno = 0;
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) return from_ssl(result);
  handshaken_ = true;
  return {};
}

Io Stream::read(char* into, std::size_t size) {
  if (!socket_.is_open()) return failed("connection closed");
  if (ssl_) {
    ERR_clear_error();
    errno = 0;
    std::size_t bytes = 0;
    const int result = SSL_read_ex(ssl_.get(), into, size, &bytes);
    if (result == 1) return {Io::State::Done, bytes};
    return from_ssl(result);
  }
  for (;;) {
    const ssize_t bytes = ::recv(socket_.native_handle(), into, size, 0);
    if (bytes > 0) return {Io::State::Done, static_cast<std::size_t>(bytes)};
    if (bytes == 0) return {Io::State::End, 0};
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {Io::State::WantRead, 0};
    if (errno != EINTR) return from_errno();
  }
}

Io Stream::write(std::span<const iovec> pieces) {
  if (!socket_.is_open()) return failed("connection closed");
  if (ssl_) {
    std::size_t total = 0;
    for (const iovec& piece : pieces) {
      if (piece.iov_len == 0) continue;
      ERR_clear_error();
      errno = 0;
      std::size_t bytes = 0;
      const int result = SSL_write_ex(ssl_.get(), piece.iov_base, piece.iov_len, &bytes);
      if (result != 1) {
        // What was written before is reported first; the next call meets the same state again.
        if (total > 0) return {Io::State::Done, total};
        return from_ssl(result);
      }
      total += bytes;
      if (bytes < piece.iov_len) break;
    }
    return {Io::State::Done, total};
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  for (;;) {
    const ssize_t bytes = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
    if (bytes >= 0) return {Io::State::Done, static_cast<std::size_t>(bytes)};
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {Io::State::WantWrite, 0};
    if (errno != EINTR) return from_errno();
  }
}

Task<bool> Stream::ready(Io::State want) {
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none || !socket_.is_open()) co_return false;
  const auto kind =
      want == Io::State::WantWrite ? asio::socket_base::wait_write : asio::socket_base::wait_read;
  const auto [error] = co_await socket_.async_wait(kind, asio::as_tuple(asio::use_awaitable));
  co_return !error && socket_.is_open();
}

bool Stream::quiet() {
  if (!socket_.is_open()) return false;
  char byte = 0;
  if (ssl_) {
    ERR_clear_error();
    std::size_t bytes = 0;
    const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &bytes);
    return result != 1 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
  }
  const ssize_t bytes = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Stream::shut_down_write() {
  if (ssl_ && handshaken_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
}

void Stream::close() {
  if (!socket_.is_open()) return;
  if (ssl_ && handshaken_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void advance(std::span<iovec>& pieces, std::size_t bytes) {
  while (!pieces.empty() && bytes >= pieces.front().iov_len) {
    bytes -= pieces.front().iov_len;
    pieces = pieces.subspan(1);
  }
  if (pieces.empty()) return;
  pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + bytes;
  pieces.front().iov_len -= bytes;
}

iovec piece(std::string_view text) {
  return {const_cast<char*>(text.data()), text.size()};
}

}  // namespace llmops
