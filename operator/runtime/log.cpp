#include "operator/runtime/log.hpp"

#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <utility>

#include "crds/base/json.hpp"
#include "crds/base/time.hpp"

namespace llmops {
namespace {

constexpr std::string_view kMask = "[masked]";

bool ends_token(char c) {
  return c == ' ' || c == '"' || c == '\'' || c == ',' || c == '\n' || c == '\r' || c == '}';
}

std::string_view level_name(spdlog::level::level_enum level) {
  const auto view = spdlog::level::to_string_view(level);
  return {view.data(), view.size()};
}

std::string payload_of(const spdlog::details::log_msg& message) {
  return mask_secrets(std::string_view(message.payload.data(), message.payload.size()));
}

std::string time_of(const spdlog::details::log_msg& message) {
  return format_timestamp(std::chrono::time_point_cast<std::chrono::milliseconds>(message.time));
}

class LineFormatter final : public spdlog::formatter {
 public:
  explicit LineFormatter(bool json) : json_(json) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& into) override {
    std::string line;
    if (json_) {
      const Json object = {
          {"time", time_of(message)}, {"level", level_name(message.level)}, {"message", payload_of(message)}};
      line = dump_json(object);
    } else {
      line = time_of(message) + " " + std::string(level_name(message.level)) + " " + payload_of(message);
    }
    line += '\n';
    into.append(line.data(), line.data() + line.size());
  }

  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<LineFormatter>(json_); }

 private:
  bool json_;
};

}  // namespace

std::string mask_secrets(std::string_view text) {
  static constexpr std::string_view kBearer = "Bearer ";
  static constexpr std::string_view kJwt = "eyJ";  // base64 of {"
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const bool bearer = text.substr(i, kBearer.size()) == kBearer;
    const bool jwt =
        text.substr(i, kJwt.size()) == kJwt && text.substr(i, 512).find('.') != std::string_view::npos;
    if (!bearer && !jwt) {
      out += text[i++];
      continue;
    }
    if (bearer) {
      out += kBearer;
      i += kBearer.size();
    }
    out += kMask;
    while (i < text.size() && !ends_token(text[i])) ++i;
  }
  return out;
}

Result<std::shared_ptr<spdlog::logger>> make_logger(const LogOptions& options) {
  const auto level = spdlog::level::from_str(options.level == "warn" ? "warning" : options.level);
  if (level == spdlog::level::off && options.level != "off")
    return Error{ErrorCode::InvalidArgument,
                 "log level: found \"" + options.level + "\", allowed trace, debug, info, warn, error, off"};
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
  auto logger = std::make_shared<spdlog::logger>("llmops", std::move(sink));
  logger->set_formatter(std::make_unique<LineFormatter>(options.json));
  logger->set_level(level);
  logger->flush_on(spdlog::level::trace);
  return logger;
}

}  // namespace llmops
