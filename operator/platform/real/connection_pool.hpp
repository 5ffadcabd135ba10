// Connections that wait for their next request, and what they share.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "operator/platform/env.hpp"
#include "operator/platform/real/client_connection.hpp"

namespace llmops {

class ConnectionPool;

// A connection in use. Dropping it closes the connection, unless it was given back.
class Lease {
 public:
  Lease() = default;
  Lease(std::shared_ptr<ConnectionPool> pool, std::shared_ptr<ClientConnection> connection)
      : pool_(std::move(pool)), connection_(std::move(connection)) {}
  Lease(Lease&&) = default;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease();

  explicit operator bool() const { return connection_ != nullptr; }
  ClientConnection* operator->() const { return connection_.get(); }
  // For the next request to the same peer.
  void give_back();

 private:
  std::shared_ptr<ConnectionPool> pool_;
  std::shared_ptr<ClientConnection> connection_;
};

class ConnectionPool : public std::enable_shared_from_this<ConnectionPool> {
 public:
  static constexpr std::size_t kBufferBytes = 64u << 10;
  using Buffer = std::unique_ptr<char[]>;

  explicit ConnectionPool(Env& env) : env_(env) {}

  // The most recently used idle connection that still looks alive, or an empty lease.
  Lease take(const Peer& peer);
  // A connection that is not connected yet, already known to close().
  Lease make(const Peer& peer);
  // The TLS settings of this peer; null when plain.
  Result<SslContext> context(const std::shared_ptr<const TlsClient>& tls);

  void close(std::string_view pool);
  void close_all();

  Buffer take_buffer();
  void give_back_buffer(Buffer buffer);

  Env& env() { return env_; }

 private:
  friend class Lease;
  struct Key {
    std::string host;
    std::uint16_t port;
    std::shared_ptr<const TlsClient> tls;  // compared by address; kept, so that no address comes again
    std::string pool;
  };
  using KeyView = std::tuple<std::string_view, std::uint16_t, const TlsClient*, std::string_view>;
  struct KeyLess {
    using is_transparent = void;
    static KeyView view(const Key& key) { return {key.host, key.port, key.tls.get(), key.pool}; }
    static const KeyView& view(const KeyView& key) { return key; }
    bool operator()(const auto& a, const auto& b) const { return view(a) < view(b); }
  };
  struct Idle {
    std::vector<std::shared_ptr<ClientConnection>> connections;  // the last was used most recently
    std::size_t busy = 0;
  };
  using Entries = std::map<Key, Idle, KeyLess>;

  void release(const std::shared_ptr<ClientConnection>& connection, bool reusable);
  void reap();
  void reap_later();

  Env& env_;
  Entries entries_;
  std::unordered_map<ClientConnection*, Entries::iterator> busy_;
  std::map<const TlsClient*, std::pair<std::weak_ptr<const TlsClient>, SslContext>> contexts_;
  std::vector<Buffer> buffers_;
  bool reaping_ = false;
  bool closed_ = false;
};

}  // namespace llmops
