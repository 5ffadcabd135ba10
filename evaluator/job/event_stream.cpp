#include "evaluator/job/event_stream.hpp"

#include <utility>

namespace llmops::evaluator {

std::optional<std::string> EventStream::next() {
  while (!overflowed_) {
    const std::size_t end = buffer_.find('\n', read_);
    if (end == std::string::npos) {
      buffer_.erase(0, read_);
      read_ = 0;
      overflowed_ = buffer_.size() > kMaxEventBytes;
      return std::nullopt;
    }
    std::string_view line(buffer_.data() + read_, end - read_);
    read_ = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      if (!std::exchange(has_data_, false)) continue;
      return std::exchange(data_, {});
    }
    if (!line.starts_with("data:")) continue;
    line.remove_prefix(5);
    if (line.starts_with(' ')) line.remove_prefix(1);
    if (std::exchange(has_data_, true)) data_ += '\n';
    data_.append(line);
    overflowed_ = data_.size() > kMaxEventBytes;
  }
  return std::nullopt;
}

}  // namespace llmops::evaluator
