#include "operator/platform/real/connection_pool.hpp"

#include <utility>

#include "operator/platform/real/tls.hpp"

namespace llmops {
namespace {

constexpr Duration kMaxAge{5 * 60'000};
// Below the five seconds after which common engine servers hang up, so that requests do not meet that.
constexpr Duration kMaxIdle{4'000};
constexpr std::size_t kMaxIdlePerPeer = 256;
constexpr std::size_t kSpareBuffers = 8;

}  // namespace

Lease& Lease::operator=(Lease&& other) noexcept {
  Lease old(std::move(*this));
  pool_ = std::move(other.pool_);
  connection_ = std::move(other.connection_);
  return *this;
}

Lease::~Lease() {
  if (connection_) pool_->release(connection_, false);
}

void Lease::give_back() {
  if (connection_) pool_->release(std::exchange(connection_, nullptr), true);
}

Lease ConnectionPool::take(const Peer& peer) {
  const auto entry = entries_.find(KeyView(peer.host, peer.port, peer.tls.get(), peer.pool));
  if (entry == entries_.end()) return {};
  auto& idle = entry->second.connections;
  const Duration now = env_.uptime();
  while (!idle.empty()) {
    auto connection = std::move(idle.back());
    idle.pop_back();
    const bool fresh = now < connection->retire_at && now - connection->idle_since < kMaxIdle;
    if (fresh && connection->stream().quiet()) {
      ++entry->second.busy;
      busy_.emplace(connection.get(), entry);
      return Lease(shared_from_this(), std::move(connection));
    }
    connection->close();
  }
  return {};
}

Lease ConnectionPool::make(const Peer& peer) {
  auto entry = entries_.find(KeyView(peer.host, peer.port, peer.tls.get(), peer.pool));
  if (entry == entries_.end())
    entry = entries_.emplace(Key{peer.host, peer.port, peer.tls, peer.pool}, Idle{}).first;
  auto connection = ClientConnection::make(env_.executor());
  connection->retire_at = env_.uptime() + env_.jittered(kMaxAge, 0.2);
  ++entry->second.busy;
  busy_.emplace(connection.get(), entry);
  return Lease(shared_from_this(), std::move(connection));
}

void ConnectionPool::release(const std::shared_ptr<ClientConnection>& connection, bool reusable) {
  const auto busy = busy_.find(connection.get());
  if (busy == busy_.end()) return connection->close();
  const auto entry = busy->second;
  busy_.erase(busy);
  --entry->second.busy;
  auto& idle = entry->second.connections;
  if (reusable && !closed_ && connection->stream().is_open() && idle.size() < kMaxIdlePerPeer) {
    connection->idle_since = env_.uptime();
    connection->limit(Duration(0));
    idle.push_back(connection);
    reap_later();
    return;
  }
  connection->close();
  if (idle.empty() && entry->second.busy == 0) entries_.erase(entry);
}

void ConnectionPool::reap_later() {
  if (std::exchange(reaping_, true)) return;
  env_.call_after(kMaxIdle, [weak = weak_from_this()] {
    if (const auto pool = weak.lock()) pool->reap();
  });
}

void ConnectionPool::reap() {
  reaping_ = false;
  const Duration now = env_.uptime();
  bool any = false;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    auto& idle = entry->second.connections;
    std::erase_if(idle, [&](const auto& connection) {
      if (now < connection->retire_at && now - connection->idle_since < kMaxIdle) return false;
      connection->close();
      return true;
    });
    any = any || !idle.empty();
    entry = idle.empty() && entry->second.busy == 0 ? entries_.erase(entry) : std::next(entry);
  }
  if (any) reap_later();
}

void ConnectionPool::close(std::string_view pool) {
  for (auto& [key, idle] : entries_) {
    if (key.pool != pool) continue;
    for (const auto& connection : idle.connections) connection->close();
    idle.connections.clear();
  }
  for (const auto& [connection, entry] : busy_)
    if (entry->first.pool == pool) connection->end_by_pool();
  std::erase_if(entries_,
                [](const auto& entry) { return entry.second.connections.empty() && entry.second.busy == 0; });
}

void ConnectionPool::close_all() {
  closed_ = true;
  for (auto& [key, idle] : entries_) {
    for (const auto& connection : idle.connections) connection->close();
    idle.connections.clear();
  }
  for (const auto& [connection, entry] : busy_) connection->end_by_pool();
}

Result<SslContext> ConnectionPool::context(const std::shared_ptr<const TlsClient>& tls) {
  if (!tls) return SslContext();
  const auto known = contexts_.find(tls.get());
  if (known != contexts_.end() && known->second.first.lock() == tls) return known->second.second;
  std::erase_if(contexts_, [](const auto& entry) { return entry.second.first.expired(); });
  auto made = make_client_context(*tls);
  if (made.ok()) contexts_.insert_or_assign(tls.get(), std::pair(std::weak_ptr(tls), *made));
  return made;
}

ConnectionPool::Buffer ConnectionPool::take_buffer() {
  if (buffers_.empty()) return std::make_unique_for_overwrite<char[]>(kBufferBytes);
  Buffer buffer = std::move(buffers_.back());
  buffers_.pop_back();
  return buffer;
}

void ConnectionPool::give_back_buffer(Buffer buffer) {
  if (buffer && buffers_.size() < kSpareBuffers) buffers_.push_back(std::move(buffer));
}

}  // namespace llmops
