#include "gateway/server/key_cache.hpp"

namespace llmops::gateway {

Task<Result<TokenClaims>> KeyCache::verify(std::string token, std::string audience) {
  const auto id = token_key_id(token);
  if (!id.ok()) co_return id.error();
  if (!keys_.contains(*id)) {
    const auto refreshed = co_await refresh();
    if (!refreshed.ok()) co_return refreshed.error();
  }
  co_return verify_token(token, keys_, audience, env_.now());
}

Task<Result<void>> KeyCache::refresh() {
  while (fetching_)  // somebody is asking already
    if (co_await env_.wait(fetched_) == Wake::Cancelled) co_return Error{ErrorCode::Cancelled, "cancelled"};
  if (!fetched_at_ || env_.uptime() - *fetched_at_ >= kRefreshInterval) {
    fetching_ = true;
    fetched_at_ = env_.uptime();
    auto text = co_await fetch_();
    fetching_ = false;
    auto keys = text.ok() ? KeySet::parse(*text) : Result<KeySet>(text.error());
    failure_.reset();
    if (keys.ok()) {
      keys_ = std::move(*keys);
    } else if (keys.error().code == ErrorCode::Cancelled) {
      fetched_at_.reset();  // the client went away, the cluster said nothing
      fetched_.notify_all();
      co_return keys.error();
    } else {
      failure_ = Error{ErrorCode::Unavailable, "the cluster's signing keys: " + keys.error().message};
    }
    fetched_.notify_all();
  }
  if (failure_ && keys_.size() == 0) co_return *failure_;
  co_return Result<void>();
}

}  // namespace llmops::gateway
