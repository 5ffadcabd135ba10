// Writes a struct as a JSON object. Used by the generated to_json functions. What is absent or empty is
// left out unless the schema requires it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crds/base/boxed.hpp"
#include "crds/base/json.hpp"
#include "crds/base/time.hpp"

namespace llmops::codec {

inline Json write(const std::string& value) {
  return value;
}
inline Json write(std::int64_t value) {
  return value;
}
inline Json write(double value) {
  return value;
}
inline Json write(bool value) {
  return value;
}
inline Json write(const Json& value) {
  return value;
}
inline Json write(Timestamp value) {
  return format_timestamp(value);
}
inline Json write(Duration value) {
  return format_duration(value);
}

template <class T>
Json write(const T& value) {
  if constexpr (std::is_enum_v<T>)
    return std::string(to_string(value));
  else
    return value.to_json();
}

template <class T>
Json write(const std::vector<T>& list);

template <class T>
Json write(const std::map<std::string, T>& map) {
  Json out = Json::object();
  for (const auto& [key, value] : map) out[key] = write(value);
  return out;
}

template <class T>
Json write(const std::vector<T>& list) {
  Json out = Json::array();
  for (const T& item : list) out.push_back(write(item));
  return out;
}

class ObjectWriter {
 public:
  template <class T>
  void required(const char* name, const T& value) {
    out_[name] = write(value);
  }

  template <class T>
  void optional(const char* name, const std::optional<T>& value) {
    if (value) out_[name] = write(*value);
  }

  template <class T>
  void optional(const char* name, const Boxed<T>& value) {
    if (value) out_[name] = write(*value);
  }

  template <class T>
  void optional(const char* name, const T& list_or_map) {
    if (!list_or_map.empty()) out_[name] = write(list_or_map);
  }

  Json finish() { return std::move(out_); }

 private:
  Json out_ = Json::object();
};

}  // namespace llmops::codec
