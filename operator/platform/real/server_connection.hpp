// One connection of a client: reads a request, runs the handler, reads the next one.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "operator/platform/env.hpp"
#include "operator/platform/real/deadline.hpp"
#include "operator/platform/real/message_parser.hpp"
#include "operator/platform/real/server.hpp"
#include "operator/platform/real/stream.hpp"

namespace llmops {

// A state machine, not a coroutine: an idle connection holds this object and one pending wait for the socket
// to become readable, no buffer and no frame. That same wait sees the client go away while a handler runs.
class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(std::shared_ptr<Listener> listener, boost::asio::ip::tcp::socket socket, std::string peer);

  // `ssl` is null for plain HTTP.
  void start(SslPointer ssl);
  // Answers 503 to whatever comes, and ends.
  void start_refused();
  // Draining: ends unless a request has begun.
  void end_if_idle();
  // Ends now and cancels the handler. True when a request was being answered.
  bool cut();

  // For the exchange that answers the request.
  Listener& listener() { return *listener_; }
  HttpRequest& request() { return request_; }
  std::string_view peer() const { return peer_; }
  bool wants_keep_alive() const { return keep_alive_; }
  bool is_http10() const { return http10_; }
  bool gone() const { return state_ != State::Answering; }
  Task<Result<void>> send(std::span<iovec> pieces);

 private:
  enum class State { Handshaking, Receiving, Answering, Lingering, Closed };

  void wait_readable(Io::State want = Io::State::WantRead);
  void on_ready();
  void shake_hands();
  void receive();
  bool receive_body();
  void take(std::string_view received);
  std::size_t parse(std::string_view data);
  void start_request_clock();
  void send_continue();
  void dispatch();
  static Task<void> answer(std::shared_ptr<ServerConnection> self);
  void answered(bool finished, bool keep);
  void hear_client();
  void refuse(const Refusal& refusal);
  void linger();
  void expired();
  void close();

  std::shared_ptr<Listener> listener_;
  Stream stream_;
  Deadline deadline_;
  std::string peer_;
  State state_ = State::Receiving;
  bool waiting_ = false;

  // The request that is being received.
  std::string unused_;  // received and not used yet; empty while idle
  HeadScanner scanner_;
  std::unique_ptr<RequestParser> parser_;
  HttpRequest request_;
  std::size_t body_missing_ = 0;  // bytes of a body of known length that have not come
  bool begun_ = false;            // its first byte has come
  bool continue_owed_ = false;
  bool complete_ = false;
  std::optional<Refusal> refusal_;

  // The request that is being answered.
  bool keep_alive_ = true, http10_ = false;
  bool write_timed_out_ = false;
  TaskHandle handler_;
};

}  // namespace llmops
