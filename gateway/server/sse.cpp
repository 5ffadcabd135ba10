#include "gateway/server/sse.hpp"

#include "crds/base/json.hpp"
#include "gateway/server/json_walker.hpp"

namespace llmops::gateway {
namespace {

bool is_empty_list(std::string_view value) {
  if (value.size() < 2 || value.front() != '[') return false;
  for (const char c : value.substr(1, value.size() - 2))
    if (!JsonWalker::is_space(c)) return false;
  return true;
}

}  // namespace

void SseSplitter::feed(std::string_view bytes) {
  buffer_.erase(0, taken_);
  line_ -= taken_;
  taken_ = 0;
  buffer_.append(bytes);
}

std::string_view SseSplitter::next() {
  for (;;) {
    const auto newline = buffer_.find('\n', line_);
    if (newline == std::string::npos) break;
    const std::string_view line = std::string_view(buffer_).substr(line_, newline - line_);
    line_ = newline + 1;
    if (!line.empty() && line != "\r") continue;
    const std::string_view event = std::string_view(buffer_).substr(taken_, line_ - taken_);
    taken_ = line_;
    return event;
  }
  return {};
}

std::string_view event_data(std::string_view event) {
  while (!event.empty()) {
    const auto newline = event.find('\n');
    std::string_view line = event.substr(0, newline);
    event = newline == std::string_view::npos ? std::string_view{} : event.substr(newline + 1);
    if (!line.starts_with("data:")) continue;
    line.remove_prefix(5);
    if (line.starts_with(' ')) line.remove_prefix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  return {};
}

ChunkScan scan_chunk(std::string_view json) {
  ChunkScan scan;
  JsonWalker walker(json);
  if (!walker.accept('{')) return scan;
  do {
    const std::string_view key = walker.string();
    if (key.empty() || !walker.accept(':')) return scan;
    const std::string_view value = walker.value();
    if (value.empty()) return scan;
    if (key == "\"model\"" && value.front() == '"') scan.model = value;
    if (key == "\"usage\"" && value.front() == '{') scan.usage = value;
    if (key == "\"choices\"") {
      scan.choices = value;
      scan.no_choices = is_empty_list(value);
    }
    if (key == "\"error\"" && value != "null") scan.error = true;
  } while (walker.accept(','));
  return scan;
}

TokenUsage parse_usage(std::string_view json) {
  TokenUsage usage;
  const auto parsed = parse_json(json);
  if (!parsed.ok()) return usage;
  usage.input = integer_at(*parsed, "prompt_tokens");
  usage.output = integer_at(*parsed, "completion_tokens");
  return usage;
}

SseRewriter::SseRewriter(std::string_view served_model, bool keep_usage)
    : quoted_model_(dump_json(Json(std::string(served_model)))), keep_usage_(keep_usage) {}

Result<void> SseRewriter::feed(std::string_view bytes, std::string& out) {
  splitter_.feed(bytes);
  for (std::string_view event = splitter_.next(); !event.empty(); event = splitter_.next()) {
    if (done_) continue;
    take(event, out);
  }
  if (splitter_.pending() > kMaxEventBytes)
    return Error{ErrorCode::TooLarge,
                 "the engine sent an event longer than " + std::to_string(kMaxEventBytes) + " bytes"};
  return {};
}

void SseRewriter::take(std::string_view event, std::string& out) {
  const std::string_view data = event_data(event);
  if (data.empty()) {
    out.append(event);
    return;
  }
  if (data == "[DONE]") {
    done_ = true;
    out.append(event);
    return;
  }
  const ChunkScan scan = scan_chunk(data);
  if (scan.error) failed_ = true;
  if (!scan.choices.empty() && !scan.no_choices) has_content_ = true;
  if (head_) head_->read_chunk(scan.choices);
  if (!scan.usage.empty()) {
    usage_ = parse_usage(scan.usage);
    if (scan.no_choices && !keep_usage_) return;
  }
  if (scan.model.empty()) {
    out.append(event);
    return;
  }
  const auto start = static_cast<std::size_t>(scan.model.data() - event.data());
  out.append(event.substr(0, start)).append(quoted_model_).append(event.substr(start + scan.model.size()));
}

}  // namespace llmops::gateway
