// One connection to a peer, with its deadline. Whatever goes wrong on it ends it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "crds/base/result.hpp"
#include "operator/platform/env.hpp"
#include "operator/platform/real/deadline.hpp"
#include "operator/platform/real/stream.hpp"
#include "operator/platform/transport.hpp"

namespace llmops {

class ClientConnection {
 public:
  explicit ClientConnection(boost::asio::any_io_executor executor);
  static std::shared_ptr<ClientConnection> make(boost::asio::any_io_executor executor);

  // Resolves, connects and shakes hands, all within `limit`. `context` is null for plain HTTP.
  Task<Result<void>> connect(Env& env, const Peer& peer, SSL_CTX* context, Duration limit);

  // 0: no limit.
  Task<Result<void>> write(std::span<iovec> pieces, Duration limit);
  // At least one byte, or 0 at the end of the connection. The limit is the one of limit().
  Task<Result<std::size_t>> read(char* into, std::size_t size);
  // Sets the deadline of what follows; 0: none.
  void limit(Duration limit);
  // Waits for something to read without holding a buffer.
  Task<Result<void>> readable();

  void end_by_pool();
  bool ended_by_pool() const { return stop_ == Stop::PoolClosed; }
  void close() { stream_.close(); }
  Stream& stream() { return stream_; }

  bool preflighted = false;
  Duration retire_at{0};  // Env::uptime() beyond which it is not used again
  Duration idle_since{0};

 private:
  enum class Stop { None, TimedOut, PoolClosed };
  Task<Result<std::vector<boost::asio::ip::tcp::endpoint>>> resolve(Env& env, const Peer& peer,
                                                                    Duration limit);
  Task<Result<void>> connect_to(const boost::asio::ip::tcp::endpoint& endpoint);
  Task<Result<void>> shake_hands(const Peer& peer, SSL_CTX& context);
  // Why the stream failed just now.
  Error error() const;

  boost::asio::any_io_executor executor_;
  Stream stream_;
  Deadline deadline_;
  Stop stop_ = Stop::None;
};

}  // namespace llmops
