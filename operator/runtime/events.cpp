#include "operator/runtime/events.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace llmops {
namespace {

constexpr std::size_t kMostQueued = 1'000;
constexpr std::size_t kMostSeries = 4'096;
constexpr std::size_t kLongestNote = 1'024;
constexpr Duration kSeriesEnds{360'000};    // client-go tools/events/event_broadcaster.go
constexpr Duration kSeriesSweep{10'000};    // what has ended is thrown out so often, not at each event
constexpr Duration kSeriesRefresh{60'000};  // a hot repetition is counted here and written once a minute

// Cut at a character's border: the API server refuses broken UTF-8.
std::string shortened(std::string_view note) {
  if (note.size() <= kLongestNote) return std::string(note);
  std::size_t end = kLongestNote - 3;
  while (end > 0 && (static_cast<unsigned char>(note[end]) & 0xC0) == 0x80) --end;
  return std::string(note.substr(0, end)) + "...";
}

std::string namespace_of(const ObjectReference& regarding) {
  return regarding.ns.empty() ? "default" : regarding.ns;
}

Json reference(const ObjectReference& object) {
  Json json = {{"apiVersion", object.api_version}, {"kind", object.kind}, {"name", object.name}};
  if (!object.ns.empty()) json["namespace"] = object.ns;
  if (!object.uid.empty()) json["uid"] = object.uid;
  if (!object.resource_version.empty()) json["resourceVersion"] = object.resource_version;
  return json;
}

std::string hex(std::uint64_t number) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
  return text.data();
}

}  // namespace

EventRecorder::EventRecorder(Env& env, kube::Client& client, std::string reporting_controller,
                             std::string reporting_instance)
    : env_(env),
      client_(client),
      controller_(std::move(reporting_controller)),
      instance_(std::move(reporting_instance)) {}

void EventRecorder::record(const ObjectReference& regarding, EventType type, std::string_view reason,
                           std::string_view action, std::string_view note) {
  if (queue_.size() == kMostQueued) queue_.pop_front();
  queue_.push_back({regarding, type, std::string(reason), std::string(action), shortened(note), env_.now()});
  added_.notify_all();
}

void EventRecorder::forget_old_series(Timestamp now) {
  if (now >= swept_ && now - swept_ < kSeriesSweep && series_.size() < kMostSeries) return;
  swept_ = now;
  std::erase_if(series_, [now](const auto& entry) { return now - entry.second.last > kSeriesEnds; });
  if (series_.size() < kMostSeries) return;
  series_.erase(std::min_element(series_.begin(), series_.end(),
                                 [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
}

Task<Result<void>> EventRecorder::write(Pending event) {
  forget_old_series(event.at);
  const std::string key = (event.type == EventType::Normal ? "N\n" : "W\n") + event.reason + "\n" +
                          event.action + "\n" + event.regarding.kind + "\n" + event.regarding.ns + "\n" +
                          event.regarding.name + "\n" + event.regarding.uid + "\n" + event.note;
  const auto known = series_.find(key);
  if (known != series_.end() && event.at - known->second.last <= kSeriesEnds)
    co_return co_await count_again(key, std::move(event));
  co_return co_await create(key, std::move(event));
}

Task<Result<void>> EventRecorder::create(std::string series_key, Pending event) {
  const std::string name = event.regarding.name + "." + hex(env_.random());
  Json object = {{"apiVersion", kube::kEvents.api_version()},
                 {"kind", "Event"},
                 {"metadata", {{"namespace", namespace_of(event.regarding)}, {"name", name}}},
                 {"eventTime", format_micro_time(event.at)},
                 {"reportingController", controller_},
                 {"reportingInstance", instance_},
                 {"type", event.type == EventType::Normal ? "Normal" : "Warning"},
                 {"reason", event.reason},
                 {"action", event.action},
                 {"regarding", reference(event.regarding)},
                 {"note", event.note}};
  const Result<Json> created = co_await client_.create(kube::kEvents, std::move(object));
  if (!created.ok()) co_return created.error();
  Series series;
  series.name = name;
  series.resource_version = string_at(*created, "metadata.resourceVersion");
  series.last = series.written = event.at;
  series_[series_key] = series;
  co_return Result<void>();
}

Task<Result<void>> EventRecorder::count_again(std::string series_key, Pending event) {
  Series& series = series_[series_key];
  ++series.count;
  series.last = event.at;
  if (series.count > 2 && event.at - series.written < kSeriesRefresh) co_return Result<void>();
  const Json counted = {{"count", series.count}, {"lastObservedTime", format_micro_time(event.at)}};
  series.written = event.at;
  const kube::ObjectKey key{namespace_of(event.regarding), series.name};
  const Result<Json> live = co_await client_.get(kube::kEvents, key);
  if (!live.ok()) {
    if (live.error().code != ErrorCode::NotFound) co_return live.error();
    series_.erase(series_key);
    co_return co_await create(series_key, std::move(event));
  }
  Json object = *live;
  object["series"] = counted;
  const Result<Json> written = co_await client_.replace(kube::kEvents, std::move(object));
  if (!written.ok()) co_return written.error();
  const auto known = series_.find(series_key);
  if (known != series_.end())
    known->second.resource_version = string_at(*written, "metadata.resourceVersion");
  co_return Result<void>();
}

Task<Result<void>> EventRecorder::drain() {
  // One writer at a time: run() and flush() would count the same series twice.
  while (writing_) {
    if (co_await env_.wait(added_, Duration(100)) == Wake::Cancelled)
      co_return Error{ErrorCode::Cancelled, "cancelled"};
  }
  writing_ = true;
  while (!queue_.empty()) {
    Pending event = std::move(queue_.front());
    queue_.pop_front();
    const Result<void> written = co_await write(std::move(event));
    // Other failures are passed over: events are best effort.
    if (written.ok() || written.error().code != ErrorCode::Cancelled) continue;
    writing_ = false;
    co_return written.error();
  }
  writing_ = false;
  co_return Result<void>();
}

Task<void> EventRecorder::run() {
  for (;;) {
    const Result<void> drained = co_await drain();
    if (!drained.ok()) co_return;
    if (!queue_.empty()) continue;
    if (co_await env_.wait(added_) == Wake::Cancelled) co_return;
  }
}

Task<void> EventRecorder::flush(Duration limit) {
  const Result<void> done = co_await with_timeout(env_, limit, drain());
  (void)done;
}

}  // namespace llmops
