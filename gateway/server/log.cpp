#include "gateway/server/log.hpp"

namespace llmops::gateway {

void Log::write(const char* level, std::string_view message, Json fields) const {
  if (!sink_) return;
  std::string line = "{\"time\":\"" + format_timestamp(clock_()) + "\",\"level\":\"" + level +
                     "\",\"message\":" + dump_json(Json(std::string(message)));
  for (const auto& [name, value] : fields.items())
    line += "," + dump_json(Json(name)) + ":" + dump_json(value);
  sink_(line + "}\n");
}

}  // namespace llmops::gateway
