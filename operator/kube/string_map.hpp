// Labels or annotations of an object: few, short, and kept by the thousand, so all of them are one block of
// memory.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace llmops::kube {

class StringMap {
 public:
  using Entry = std::pair<std::string_view, std::string_view>;  // key, value

  StringMap() = default;
  StringMap(std::initializer_list<Entry> entries);

  bool empty() const { return text_.empty(); }
  std::optional<std::string_view> find(std::string_view key) const;
  bool contains(std::string_view key) const { return find(key).has_value(); }
  void set(std::string_view key, std::string_view value);

  // The entries whose key is as wanted.
  template <class Wanted>
  StringMap only(Wanted wanted) const {
    StringMap kept;
    for (std::size_t at = 0; at < text_.size();) {
      const Entry entry = entry_at(at);
      if (wanted(entry.first)) kept.append(entry);
      at += size_of(entry);
    }
    kept.text_.shrink_to_fit();
    return kept;
  }

  friend bool operator==(const StringMap&, const StringMap&) = default;

 private:
  Entry entry_at(std::size_t at) const;
  static std::size_t size_of(const Entry& entry);
  void append(const Entry& entry);

  // In the order of keys: the lengths of key and value, four bytes each, key, value.
  std::string text_;
};

}  // namespace llmops::kube
