#include "tests/simulation/world/api_watch.hpp"

#include <algorithm>
#include <utility>

namespace llmops::simulation {
namespace {

void append_event(std::string& out, std::string_view type, const StoredObject& object) {
  out.append("{\"object\":").append(object.text());
  out.append(",\"type\":\"").append(type).append("\"}\n");
}

Outcome expired() {
  return failure(410, "Expired", "too old resource version");
}

// What the watcher of this selection sees of a change.
void append_visible(std::string& out, const StoredEvent& event, const Selector& selector) {
  const bool was = !event.before.is_null() && selector.matches(event.before);
  const bool is = !event.after.is_null() && selector.matches(event.after);
  if (is) return append_event(out, was ? "MODIFIED" : "ADDED", event.after);
  if (!was) return;
  Json last = event.before;
  last["metadata"]["resourceVersion"] = std::to_string(event.revision);
  append_event(out, "DELETED", std::move(last));
}

struct Counted {
  explicit Counted(std::shared_ptr<ApiServerState> state_) : state(std::move(state_)) {
    ++state->open_watches;
  }
  ~Counted() { --state->open_watches; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  std::shared_ptr<ApiServerState> state;
};

Json bookmark(const kube::ResourceType& type, std::uint64_t revision) {
  return {{"kind", type.kind},
          {"apiVersion", type.api_version()},
          {"metadata", {{"resourceVersion", std::to_string(revision)}}}};
}

}  // namespace

Task<void> serve_watch(Env& env, std::shared_ptr<ApiServerState> state, const kube::ResourceType& type,
                       std::string ns, ServerExchange& exchange) {
  const Counted counted(state);
  const HttpRequest request = exchange.request();
  const std::string client(exchange.peer_address());
  const auto concerns = [&](const std::optional<Stale>& view) {
    return view && view->client == client && view->type == type;
  };
  const auto newest = [&] {
    return concerns(state->stale) ? std::min(state->stale->at, state->store.revision())
                                  : state->store.revision();
  };
  Headers headers;
  headers.set("Content-Type", "application/json");
  const auto selector = Selector::parse(request.query("labelSelector"), request.query("fieldSelector"));
  if (!selector.ok()) {
    const Outcome bad = failure(400, "BadRequest", selector.error().message);
    const Result<void> sent = co_await exchange.respond(bad.status, headers, bad.body.text());
    (void)sent;
    co_return;
  }
  const std::string version = request.query("resourceVersion");
  const bool from_now = version.empty() || version == "0";
  std::uint64_t seen = from_now ? state->store.revision() : std::strtoull(version.c_str(), nullptr, 10);
  // Real servers say 410 as the answer or as the first event, depending on who notices.
  if (!state->store.since(seen) && env.random() % 2 == 0) {
    const Outcome gone = expired();
    const Result<void> sent = co_await exchange.respond(gone.status, headers, gone.body.text());
    (void)sent;
    co_return;
  }
  const Result<void> started = co_await exchange.start(200, headers);
  if (!started.ok()) co_return;

  std::string out;
  if (from_now) {
    for (const StoredObject& object : state->store.list(type, ns)) {
      if (selector->matches(object)) append_event(out, "ADDED", object);
    }
  }
  const long long seconds = std::max(1LL, std::atoll(request.query("timeoutSeconds").c_str()));
  const Duration end = env.uptime() + Duration(seconds * 1000);
  const bool bookmarks = request.query("allowWatchBookmarks") == "true";
  Duration next_bookmark = env.uptime() + env.jittered(state->options.bookmark_period, 0.1);
  while (env.uptime() < end) {
    if (state->options.watch_lag > Duration(0) && newest() > seen) {
      const auto lag = env.random() % static_cast<std::uint64_t>(state->options.watch_lag.count() + 1);
      const Result<void> slept = co_await env.sleep(Duration(static_cast<Duration::rep>(lag)));
      if (!slept.ok()) co_return;
    }
    auto events = state->store.since(seen);
    if (concerns(state->forgotten) && seen < state->forgotten->at) events.reset();
    if (seen < state->expired) events.reset();
    if (!events) {
      append_event(out, "ERROR", expired().body);
    } else {
      for (const StoredEvent* event : *events) {
        if (event->revision > newest()) break;
        if (*event->type == type && (ns.empty() || event->key.ns == ns))
          append_visible(out, *event, *selector);
        seen = event->revision;
      }
      if (bookmarks && env.uptime() >= next_bookmark) {
        next_bookmark = env.uptime() + state->options.bookmark_period;
        append_event(out, "BOOKMARK", bookmark(type, seen));
      }
    }
    if (!out.empty()) {
      const Result<void> written = co_await exchange.write(std::exchange(out, {}));
      if (!written.ok()) co_return;
    }
    if (!events) break;
    if (newest() > seen) continue;
    const Duration until = bookmarks ? std::min(end, next_bookmark) : end;
    const Wake wake =
        co_await env.wait(state->store.changed(type), std::max(Duration(1), until - env.uptime()));
    if (wake == Wake::Cancelled) co_return;
  }
  const Result<void> finished = co_await exchange.finish();
  (void)finished;
}

}  // namespace llmops::simulation
