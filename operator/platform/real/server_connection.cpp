#include "operator/platform/real/server_connection.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <utility>

#include "operator/platform/real/server_exchange.hpp"

namespace llmops {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kBodyStep = 64u << 10;
constexpr std::size_t kKeptCapacity = 4u << 10;
constexpr std::size_t kFlatBytes = 16u << 10;
constexpr Duration kLinger{1'000};

}  // namespace

ServerConnection::ServerConnection(std::shared_ptr<Listener> listener, asio::ip::tcp::socket socket,
                                   std::string peer)
    : listener_(std::move(listener)),
      stream_(std::move(socket)),
      deadline_(listener_->env().executor(), [this] { expired(); }),
      peer_(std::move(peer)) {}

void ServerConnection::start(SslPointer ssl) {
  deadline_.own(weak_from_this());
  stream_.tune();
  if (ssl) {
    state_ = State::Handshaking;
    deadline_.set(listener_->options().request_timeout);
    if (!stream_.use_tls(std::move(ssl))) return close();
  } else {
    deadline_.set(listener_->options().idle_timeout);
  }
  wait_readable();
}

void ServerConnection::start_refused() {
  deadline_.own(weak_from_this());
  stream_.tune();
  refuse(Refusal{503, "too many connections"});
}

void ServerConnection::wait_readable(Io::State want) {
  if (waiting_ || !stream_.is_open()) return;
  waiting_ = true;
  const auto kind =
      want == Io::State::WantWrite ? asio::socket_base::wait_write : asio::socket_base::wait_read;
  stream_.socket().async_wait(kind, [self = shared_from_this()](boost::system::error_code aborted) {
    self->waiting_ = false;
    if (!aborted) self->on_ready();
  });
}

void ServerConnection::on_ready() {
  switch (state_) {
    case State::Handshaking:
      return shake_hands();
    case State::Receiving:
      return receive();
    case State::Answering:
      return hear_client();
    case State::Lingering: {
      const auto scratch = listener_->scratch();
      const Io io = stream_.read(scratch.data(), scratch.size());
      if (io.state == Io::State::End || io.state == Io::State::Failed) return close();
      return wait_readable();
    }
    case State::Closed:
      return;
  }
}

void ServerConnection::shake_hands() {
  const Io io = stream_.handshake();
  if (io.blocked()) return wait_readable(io.state);
  if (io.state != Io::State::Done) return close();
  state_ = State::Receiving;
  deadline_.set(listener_->options().idle_timeout);
  receive();
}

void ServerConnection::receive() {
  do {
    if (body_missing_ > 0) {
      if (!receive_body()) return;
      continue;
    }
    const auto scratch = listener_->scratch();
    const Io io = stream_.read(scratch.data(), scratch.size());
    if (io.blocked()) return wait_readable(io.state);
    if (io.state != Io::State::Done) return close();
    start_request_clock();
    take(std::string_view(scratch.data(), io.bytes));
  } while (state_ == State::Receiving && (body_missing_ > 0 || stream_.pending()));
  if (state_ == State::Receiving) wait_readable();
}

// Straight into the request. False when there is nothing to go on with.
bool ServerConnection::receive_body() {
  std::string& body = request_.body;
  const std::size_t filled = body.size();
  body.resize(filled + std::min(body_missing_, kBodyStep));
  const Io io = stream_.read(body.data() + filled, body.size() - filled);
  body.resize(filled + io.bytes);
  if (io.blocked()) {
    wait_readable(io.state);
    return false;
  }
  if (io.state != Io::State::Done) {
    close();
    return false;
  }
  body_missing_ -= io.bytes;
  if (body_missing_ == 0) dispatch();
  return true;
}

void ServerConnection::start_request_clock() {
  if (std::exchange(begun_, true)) return;
  deadline_.set(listener_->options().request_timeout);
}

void ServerConnection::take(std::string_view received) {
  const bool joined = !unused_.empty();
  if (joined) unused_.append(received);
  const std::string_view data = joined ? std::string_view(unused_) : received;
  const std::size_t used = parse(data);
  if (joined) {
    unused_.erase(0, used);
    if (unused_.empty() && unused_.capacity() > kKeptCapacity) std::string().swap(unused_);
  } else {
    unused_.assign(data.substr(used));
  }
  if (refusal_) return refuse(*refusal_);
  if (complete_) return dispatch();
  if (continue_owed_) send_continue();
}

std::size_t ServerConnection::parse(std::string_view data) {
  const ListenOptions& options = listener_->options();
  std::size_t used = 0;
  if (!parser_) {
    // An empty line before a request line is to be ignored (RFC 9112 §2.2).
    while (data.substr(used, 2) == "\r\n") used += 2;
    const std::string_view rest = data.substr(used);
    if (rest.empty() || rest == "\r") return used;
    if (!is_token(rest.substr(0, 1))) {
      refusal_ = Refusal{400, "not an HTTP request"};
      return used;
    }
    const auto size = scanner_.scan(rest);
    refusal_ = scanner_.refusal();
    if (size.value_or(rest.size()) > options.max_header_bytes)
      refusal_ = Refusal{431, "header larger than " + std::to_string(options.max_header_bytes) + " bytes"};
    if (refusal_ || !size) return used;
    parser_ = std::make_unique<RequestParser>(request_, options.max_body_bytes);
    refusal_ = parser_->parse_head(rest.substr(0, *size));
    used += *size;
    if (refusal_) return used;
    http10_ = parser_->http10();
    keep_alive_ = parser_->keep_alive();
    continue_owed_ = parser_->expects_continue() && !http10_;
    if (!parser_->chunked()) {
      const auto bytes = static_cast<std::size_t>(parser_->body_bytes());
      const std::size_t here = std::min(bytes, data.size() - used);
      request_.body.assign(data.substr(used, here));
      body_missing_ = bytes - here;
      complete_ = body_missing_ == 0;
      return used + here;
    }
  }
  used += parser_->feed(data.substr(used), refusal_);
  complete_ = parser_->is_done();
  if (!complete_ && !refusal_ && data.size() - used > options.max_header_bytes)
    refusal_ = Refusal{400, "malformed chunked body"};
  return used;
}

void ServerConnection::send_continue() {
  continue_owed_ = false;
  const std::array<iovec, 1> pieces{piece("HTTP/1.1 100 Continue\r\n\r\n")};
  // Nothing was sent before, so there is room; a client that never hears it sends its body anyway.
  stream_.write(pieces);
}

void ServerConnection::dispatch() {
  state_ = State::Answering;
  parser_.reset();
  scanner_ = HeadScanner();
  complete_ = false;
  continue_owed_ = false;
  write_timed_out_ = false;
  deadline_.clear();
  listener_->request_began();
  wait_readable();
  const auto handler = listener_->env().spawn("request", answer(shared_from_this()));
  if (state_ == State::Answering) handler_ = handler;
}

Task<void> ServerConnection::answer(std::shared_ptr<ServerConnection> self) {
  const auto listener = self->listener_;
  RealServerExchange exchange(*self);
  co_await listener->handler()(exchange);
  if (!exchange.started() && !self->gone()) {
    Headers headers{{"Content-Type", "application/json"}};
    std::string body = listener->error_body(500, "the request was not answered");
    std::ignore = co_await exchange.respond(500, std::move(headers), std::move(body));
  }
  self->answered(exchange.finished(), exchange.keeps_connection());
}

void ServerConnection::answered(bool finished, bool keep) {
  listener_->request_ended();
  handler_ = TaskHandle();
  request_ = HttpRequest();
  if (state_ != State::Answering) return;
  if (!finished) return close();
  if (!keep || listener_->draining()) {
    // Closing while more is on its way would reset the connection, and with it the end of the answer.
    if (!unused_.empty()) return linger();
    return close();
  }
  state_ = State::Receiving;
  begun_ = false;
  deadline_.set(listener_->options().idle_timeout);
  wait_readable();
  if (unused_.empty()) return;
  asio::post(listener_->env().executor(), [self = shared_from_this()] {
    if (self->state_ != State::Receiving || self->unused_.empty()) return;
    self->start_request_clock();
    self->take({});
    if (self->state_ == State::Receiving) self->receive();
  });
}

// While the handler runs: the end of the connection cancels it, further requests are kept for later.
void ServerConnection::hear_client() {
  const auto scratch = listener_->scratch();
  const Io io = stream_.read(scratch.data(), scratch.size());
  if (io.blocked()) return wait_readable(io.state);
  if (io.state == Io::State::Done) {
    unused_.append(scratch.data(), io.bytes);
    if (unused_.size() <= listener_->options().max_header_bytes) wait_readable();
    return;
  }
  TaskHandle handler = handler_;
  close();
  handler.cancel();
}

Task<Result<void>> ServerConnection::send(std::span<iovec> pieces) {
  if (gone()) co_return Error{ErrorCode::Cancelled, "the client has gone"};
  std::string flat;
  std::array<iovec, 1> record{};
  if (stream_.is_tls() && pieces.size() > 1) {
    std::size_t total = 0;
    for (const iovec& part : pieces) total += part.iov_len;
    if (total <= kFlatBytes) {
      flat.reserve(total);
      for (const iovec& part : pieces) flat.append(static_cast<const char*>(part.iov_base), part.iov_len);
      record.front() = piece(flat);
      pieces = record;
    }
  }
  while (!pieces.empty()) {
    const Io io = stream_.write(pieces);
    if (io.state == Io::State::Done) {
      advance(pieces, io.bytes);
      continue;
    }
    if (!io.blocked()) {
      close();
      co_return Error{ErrorCode::Unavailable, "cannot write to the client: " + stream_.failure()};
    }
    deadline_.set(listener_->options().write_timeout);
    if (co_await stream_.ready(io.state)) {
      deadline_.clear();
      continue;
    }
    close();
    if (write_timed_out_) co_return Error{ErrorCode::DeadlineExceeded, "the client does not read"};
    co_return Error{ErrorCode::Cancelled, "the client has gone"};
  }
  co_return Result<void>();
}

void ServerConnection::refuse(const Refusal& refusal) {
  const std::string body = listener_->error_body(refusal.status, refusal.reason);
  const std::string text = refusal_text(refusal.status, body, listener_->date());
  const std::array<iovec, 1> pieces{piece(text)};
  stream_.write(pieces);
  linger();
}

// Ends our side and swallows what still comes, for a moment, so that the client can read our last words.
void ServerConnection::linger() {
  state_ = State::Lingering;
  stream_.shut_down_write();
  deadline_.set(kLinger);
  wait_readable();
}

void ServerConnection::expired() {
  if (state_ == State::Receiving && begun_)
    return refuse(Refusal{408, "the request took too long to arrive"});
  if (state_ != State::Answering) return close();
  write_timed_out_ = true;
  stream_.close();
}

void ServerConnection::end_if_idle() {
  // A request may lie in the socket already; it is answered, and told to close.
  if (state_ == State::Handshaking || (state_ == State::Receiving && !begun_ && stream_.quiet())) close();
}

bool ServerConnection::cut() {
  const bool answering = state_ == State::Answering;
  TaskHandle handler = handler_;
  close();
  if (answering) handler.cancel();
  return answering;
}

void ServerConnection::close() {
  if (state_ == State::Closed) return;
  state_ = State::Closed;
  deadline_.clear();
  stream_.close();
  listener_->connection_ended(shared_from_this());
}

}  // namespace llmops
