#include "operator/kube/string_map.hpp"

#include <cstdint>
#include <cstring>

namespace llmops::kube {
namespace {

constexpr std::size_t kLength = sizeof(std::uint32_t);

}  // namespace

StringMap::StringMap(std::initializer_list<Entry> entries) {
  for (const auto& [key, value] : entries) set(key, value);
}

StringMap::Entry StringMap::entry_at(std::size_t at) const {
  std::uint32_t key = 0, value = 0;
  std::memcpy(&key, text_.data() + at, kLength);
  std::memcpy(&value, text_.data() + at + kLength, kLength);
  const std::string_view rest = std::string_view(text_).substr(at + 2 * kLength);
  return {rest.substr(0, key), rest.substr(key, value)};
}

std::size_t StringMap::size_of(const Entry& entry) {
  return 2 * kLength + entry.first.size() + entry.second.size();
}

void StringMap::append(const Entry& entry) {
  for (const std::string_view part : {entry.first, entry.second}) {
    const auto length = static_cast<std::uint32_t>(part.size());
    text_.append(reinterpret_cast<const char*>(&length), kLength);
  }
  text_.append(entry.first).append(entry.second);
}

std::optional<std::string_view> StringMap::find(std::string_view key) const {
  for (std::size_t at = 0; at < text_.size();) {
    const Entry entry = entry_at(at);
    if (entry.first == key) return entry.second;
    at += size_of(entry);
  }
  return std::nullopt;
}

void StringMap::set(std::string_view key, std::string_view value) {
  std::size_t at = 0;
  while (at < text_.size() && entry_at(at).first < key) at += size_of(entry_at(at));
  std::string after = text_.substr(at);
  if (!after.empty() && entry_at(at).first == key) after.erase(0, size_of(entry_at(at)));
  text_.resize(at);
  append({key, value});
  text_ += after;
}

}  // namespace llmops::kube
