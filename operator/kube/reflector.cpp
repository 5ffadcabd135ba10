#include <algorithm>
#include <utility>

#include "operator/kube/cache.hpp"
#include "operator/kube/raw_json.hpp"
#include "operator/kube/status_error.hpp"

namespace llmops::kube {
namespace {

// client-go tools/cache/reflector.go.
constexpr Duration kFirstBackoff{800};
constexpr Duration kLongestBackoff{30'000};
// Shorter than client-go's: whoever does not answer is not burdened by being asked, and once it is back a
// rollback must not wait for gateways that have not looked yet.
constexpr Duration kLongestWhileAway{5'000};
constexpr Duration kHealthyAfter{120'000};
constexpr Duration kVeryShortWatch{1'000};
constexpr Duration kLongestSilence{150'000};

class Backoff {
 public:
  explicit Backoff(Env& env) : env_(env) {}

  // Longer after every failure, from the start again after two minutes without one.
  Duration next(Duration longest) {
    const Duration now = env_.uptime();
    if (now - last_failure_ > kHealthyAfter) base_ = kFirstBackoff;
    const Duration wait = env_.jittered(std::min(base_, longest), 1.0);
    base_ = std::min(base_ * 2, kLongestBackoff);
    last_failure_ = now + wait;
    return wait;
  }

 private:
  Env& env_;
  Duration base_ = kFirstBackoff;
  Duration last_failure_{0};
};

// One open watch, read by a task of its own so that its silence can be noticed.
struct Stream {
  std::unique_ptr<Watch> watch;
  std::string kind;
  std::string version;  // up to where the sink has seen everything
  Duration last_event{0};
  std::uint64_t events = 0;
  bool bookmarks = false;
  std::optional<Error> end;
  Notify ended;
};

// False: not an object of the watched kind (a Table, another kind after a CRD changed); it is passed over.
bool is_of_kind(const std::string& raw_object, const std::string& kind) {
  const std::string found = raw_string_at(raw_object, {"kind"});
  return found.empty() || found == kind;
}

Task<void> consume(Env& env, std::shared_ptr<Stream> stream, ReflectorSink& sink) {
  for (;;) {
    Result<WatchEvent> event = co_await stream->watch->next();
    stream->last_event = env.uptime();
    if (!event.ok()) {
      stream->end = event.error();
      break;
    }
    if (event->type == WatchEvent::Type::Error) {
      if (event->raw_object.empty()) continue;
      stream->end = status_error(500, Headers(), event->raw_object, "watch");
      break;
    }
    if (!is_of_kind(event->raw_object, stream->kind)) continue;
    ++stream->events;
    const std::string version = raw_string_at(event->raw_object, {"metadata", "resourceVersion"});
    switch (event->type) {
      case WatchEvent::Type::Deleted:
        sink.remove(event->raw_object);
        break;
      case WatchEvent::Type::Bookmark:
        stream->bookmarks = true;
        break;
      default:
        sink.upsert(event->raw_object);
    }
    if (version.empty()) continue;
    stream->version = version;
    sink.advance(version);
  }
  stream->watch.reset();
  stream->ended.notify_all();
}

// Reads the stream until it ends, is silent for too long, or this task is cancelled.
Task<void> follow(Env& env, std::shared_ptr<Stream> stream, ReflectorSink& sink) {
  stream->last_event = env.uptime();
  TaskHandle reader = env.spawn("watch", consume(env, stream, sink));
  while (!stream->end) {
    const Duration silent = env.uptime() - stream->last_event;
    if (stream->bookmarks && silent >= kLongestSilence) {
      stream->end = Error{ErrorCode::DeadlineExceeded, "watch: silent for too long"};
      break;
    }
    const Duration patience = kLongestSilence - std::min(silent, kLongestSilence - Duration(1));
    const Wake wake = co_await env.wait(stream->ended, patience);
    if (wake != Wake::Cancelled) continue;
    stream->end = Error{ErrorCode::Cancelled, "cancelled"};
    break;
  }
  const std::optional<Error> reason = stream->end;
  reader.cancel();
  co_await reader.join();
  if (reason) stream->end = reason;
}

struct Step {
  bool relist = false;
  bool back_off = false;
};

// What the end of a watch means for the next step.
Step after_end(const Error& end, bool at_once, bool expired_before) {
  switch (end.code) {
    case ErrorCode::Expired:
      return {true, at_once && expired_before};
    case ErrorCode::Unavailable:
      return {false, at_once};  // the ordinary end of a stream
    case ErrorCode::DeadlineExceeded:
      return {false, at_once};
    case ErrorCode::TooManyRequests:
    case ErrorCode::Unauthorized:
    case ErrorCode::Forbidden:
      return {false, true};
    default:
      return {true, true};
  }
}

}  // namespace

Task<void> reflect(Client& client, ResourceType type, std::string ns, ListOptions options,
                   ReflectorSink& sink) {
  Env& env = client.env();
  Backoff backoff(env);
  std::string version;
  bool must_list = true;
  bool expired_before = false;
  for (;;) {
    std::optional<Error> failure;
    bool back_off = true;
    bool answered = false;
    if (must_list) {
      Result<ListResult> listed = co_await client.list(type, ns, options);
      if (listed.ok()) {
        version = listed->resource_version;
        sink.replace(std::move(listed->raw_items));
        sink.advance(version);
        must_list = false;
      } else {
        failure = listed.error();
      }
    }
    if (!must_list) {
      const Duration opened_at = env.uptime();
      Result<std::unique_ptr<Watch>> watch = co_await client.watch(type, ns, options, version);
      auto stream = std::make_shared<Stream>();
      answered = watch.ok();
      if (watch.ok()) {
        stream->watch = std::move(*watch);
        stream->kind = std::string(type.kind);
        stream->version = version;
        co_await follow(env, stream, sink);
        version = stream->version;
        failure = stream->end;
      } else {
        failure = watch.error();
      }
      const bool at_once = !watch.ok() || (stream->events == 0 && env.uptime() - opened_at < kVeryShortWatch);
      const Step step = after_end(*failure, at_once, expired_before);
      expired_before = failure->code == ErrorCode::Expired && at_once;
      must_list = step.relist;
      back_off = step.back_off;
    }
    if (failure->code == ErrorCode::Cancelled) co_return;
    if (back_off) sink.failed(*failure);
    const bool away = !answered && failure->code == ErrorCode::Unavailable;
    const Duration longest = away ? kLongestWhileAway : kLongestBackoff;
    const Duration wait = back_off ? backoff.next(longest) : Duration(0);
    const Result<void> slept = co_await env.sleep(std::max(wait, Duration(failure->retry_after_ms)));
    if (!slept.ok()) co_return;
  }
}

CacheBase::CacheBase(ResourceType type, Namespaces namespaces, ListOptions options)
    : type_(type), options_(std::move(options)) {
  if (namespaces.names.size() == 1) {
    ns_ = std::move(namespaces.names.front());
    return;
  }
  for (auto& name : namespaces.names) parts_.push_back(std::make_unique<Part>(*this, std::move(name)));
}

Task<void> CacheBase::run(Client& client) {
  return parts_.empty() ? reflect(client, type_, ns_, options_, *this) : run_parts(client);
}

Task<void> CacheBase::run_parts(Client& client) {
  Env& env = client.env();
  std::vector<TaskHandle> tasks;
  for (auto& part : parts_)
    tasks.push_back(env.spawn("cache " + std::string(type_.plural) + " " + part->ns(),
                              reflect(client, type_, part->ns(), options_, *part)));
  Notify never;
  while (co_await env.wait(never) != Wake::Cancelled) continue;
  for (auto& task : tasks) task.cancel();
  for (auto& task : tasks) co_await task.join();
}

void CacheBase::Part::replace(std::vector<std::string> raw_items) {
  cache_.replace_in(ns_, std::move(raw_items));
}

void CacheBase::Part::advance(std::string_view version) {
  resource_version_ = std::string(version);
  const bool all_listed =
      std::ranges::none_of(cache_.parts_, [](const auto& part) { return part->resource_version().empty(); });
  if (all_listed) cache_.synced_ = true;
  cache_.progress_.notify_all();
}

bool CacheBase::has_seen(std::string_view version, std::string_view ns) const {
  const std::string* reached = &resource_version_;
  for (const auto& part : parts_)
    if (part->ns() == ns) reached = &part->resource_version();
  if (reached->empty()) return false;
  const auto order = compare_resource_versions(*reached, version);
  return !order || *order >= 0;
}

void CacheBase::advance(std::string_view version) {
  resource_version_ = std::string(version);
  progress_.notify_all();
}

ObjectMeta meta_of_text(std::string_view raw_object) {
  const JsonLimits limits{16u << 20, 256};
  const auto object = parse_json(raw_object, limits);
  return object.ok() ? parse_meta(*object) : ObjectMeta{};
}

}  // namespace llmops::kube
