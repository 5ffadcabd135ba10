#include "operator/kube/watch.hpp"

#include <utility>

#include "operator/kube/raw_json.hpp"

namespace llmops::kube {
namespace {

class StreamWatch final : public Watch {
 public:
  StreamWatch(HttpResponse response, std::size_t max_line)
      : response_(std::move(response)), max_line_(max_line) {}

  Task<Result<WatchEvent>> next() override {
    for (;;) {
      const auto line_end = buffer_.find('\n', searched_);
      if (line_end != std::string::npos) {
        const std::string_view line = std::string_view(buffer_).substr(consumed_, line_end - consumed_);
        consumed_ = searched_ = line_end + 1;
        if (line.find_first_not_of(" \r\t") == std::string_view::npos) continue;
        co_return parse_watch_event(line);
      }
      searched_ = buffer_.size();
      if (buffer_.size() - consumed_ > max_line_)
        co_return Error{ErrorCode::TooLarge,
                        "watch: an event longer than " + std::to_string(max_line_) + " bytes"};
      auto chunk = co_await response_.body->read();
      if (!chunk.ok()) co_return chunk.error();
      if (chunk->empty()) co_return Error{ErrorCode::Unavailable, "watch: the stream ended"};
      // What was handed out is dropped only when new bytes come: each byte is moved once, not once an event.
      buffer_.erase(0, std::exchange(consumed_, 0));
      searched_ = buffer_.size();
      buffer_.append(*chunk);
    }
  }

 private:
  HttpResponse response_;
  std::size_t max_line_;
  std::string buffer_;
  std::size_t consumed_ = 0;
  std::size_t searched_ = 0;
};

WatchEvent::Type type_of(std::string_view name) {
  if (name == "ADDED") return WatchEvent::Type::Added;
  if (name == "MODIFIED") return WatchEvent::Type::Modified;
  if (name == "DELETED") return WatchEvent::Type::Deleted;
  if (name == "BOOKMARK") return WatchEvent::Type::Bookmark;
  return WatchEvent::Type::Error;
}

}  // namespace

std::unique_ptr<Watch> make_watch(HttpResponse response, std::size_t max_line) {
  return std::make_unique<StreamWatch>(std::move(response), max_line);
}

Result<WatchEvent> parse_watch_event(std::string_view line) {
  const std::string type = raw_string_at(line, {"type"});
  const auto object = raw_member(line, "object");
  if (type.empty() || !object)
    return Error{ErrorCode::InvalidArgument,
                 "watch: a line of " + std::to_string(line.size()) + " bytes is not an event {type, object}"};
  WatchEvent event;
  event.type = type_of(type);
  // A type that we do not know is skipped by the reader: it must not look like the server's error.
  if (event.type != WatchEvent::Type::Error || type == "ERROR") event.raw_object = std::string(*object);
  return event;
}

}  // namespace llmops::kube
