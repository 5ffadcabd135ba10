// One JSON object a line.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "crds/base/json.hpp"
#include "crds/base/time.hpp"

namespace llmops::gateway {

// Writes lines; a program has one and hands it down. Without a sink it is silent.
class Log {
 public:
  using Sink = std::function<void(const std::string& line)>;
  using Clock = std::function<Timestamp()>;

  Log() = default;
  Log(Sink sink, Clock clock) : sink_(std::move(sink)), clock_(std::move(clock)) {}

  void info(std::string_view message, Json fields = Json::object()) const {
    write("info", message, std::move(fields));
  }
  void warning(std::string_view message, Json fields = Json::object()) const {
    write("warning", message, std::move(fields));
  }

 private:
  void write(const char* level, std::string_view message, Json fields) const;
  Sink sink_;
  Clock clock_;
};

}  // namespace llmops::gateway
