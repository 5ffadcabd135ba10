#include "gateway/server/request_id.hpp"

#include <algorithm>
#include <cstdio>

namespace llmops::gateway {

std::string request_id_of(const HttpRequest& request, Env& env) {
  const std::string_view given = request.headers.get("x-request-id");
  const bool harmless =
      !given.empty() && given.size() <= 128 && std::all_of(given.begin(), given.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_' || c == '.' || c == ':';
      });
  if (harmless) return std::string(given);
  char text[40];
  std::snprintf(text, sizeof text, "req_%016llx%08llx", static_cast<unsigned long long>(env.random()),
                static_cast<unsigned long long>(env.random() & 0xFFFFFFFF));
  return text;
}

}  // namespace llmops::gateway
