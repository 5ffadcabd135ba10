// Reads the members of one JSON object into a struct. The first problem wins and stops the rest; its message
// names the field path, what was found and what is allowed. Used by the generated parse functions.
//
// Absent and null are the same, as they are for the API server. Unknown members are ignored, so that a
// newer writer does not stop an older reader.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crds/base/boxed.hpp"
#include "crds/base/json.hpp"
#include "crds/base/time.hpp"
#include "crds/codec/limits.hpp"

namespace llmops::codec {

using Problem = std::optional<Error>;

Problem read(const Json& value, const FieldPath& path, const Limits& limits, std::string& out);
Problem read(const Json& value, const FieldPath& path, const Limits& limits, std::int64_t& out);
Problem read(const Json& value, const FieldPath& path, const Limits& limits, double& out);
Problem read(const Json& value, const FieldPath& path, const Limits& limits, bool& out);
Problem read(const Json& value, const FieldPath& path, const Limits& limits, Timestamp& out);
Problem read(const Json& value, const FieldPath& path, const Limits& limits, Duration& out);
Problem read(const Json& value, const FieldPath& path, const Limits& limits, Json& out);

// The value is a list (a map) whose size is within the limits.
Problem check_list(const Json& value, const FieldPath& path, const Limits& limits);
Problem check_map(const Json& value, const FieldPath& path, const Limits& limits);

// The value is a string; an enum's from_string says whether it is one of its own.
Problem check_string(const Json& value, const FieldPath& path);
// What from_string of an enum answers to a text that is none of its values.
Error not_one_of(std::string_view text, std::string_view allowed);
// Puts the path in front of an error that already reads "found …, allowed …".
Error at_path(const FieldPath& path, Error error);

// A struct has a static parse, an enum a from_string beside it.
template <class T>
Problem read(const Json& value, const FieldPath& path, const Limits&, T& out) {
  if constexpr (std::is_enum_v<T>) {
    if (auto problem = check_string(value, path)) return problem;
    const Result<void> known = from_string(value.get_ref<const std::string&>(), out);
    if (!known) return at_path(path, known.error());
  } else {
    auto parsed = T::parse(value, path);
    if (!parsed) return std::move(parsed).error();
    out = std::move(parsed).value();
  }
  return std::nullopt;
}

template <class T>
Problem read(const Json& value, const FieldPath& path, const Limits& limits, std::vector<T>& out);

template <class T>
Problem read(const Json& value, const FieldPath& path, const Limits& limits, std::map<std::string, T>& out) {
  if (auto problem = check_map(value, path, limits)) return problem;
  const Limits element = limits.element ? *limits.element : Limits{};
  for (auto member = value.begin(); member != value.end(); ++member)
    if (auto problem = read(member.value(), path.member(member.key()), element, out[member.key()]))
      return problem;
  return std::nullopt;
}

template <class T>
Problem read(const Json& value, const FieldPath& path, const Limits& limits, std::vector<T>& out) {
  if (auto problem = check_list(value, path, limits)) return problem;
  const Limits element = limits.element ? *limits.element : Limits{};
  out.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    T item{};
    if (auto problem = read(value[i], path.index(i), element, item)) return problem;
    out.push_back(std::move(item));
  }
  return std::nullopt;
}

class ObjectReader {
 public:
  // `value` and `path` must outlive the reader.
  ObjectReader(const Json& value, const FieldPath& path);

  // `kind` says what is missing: "a string", "a list".
  template <class T>
  void required(std::string_view name, std::string_view kind, T& out, const Limits& limits = {}) {
    if (problem_) return;
    if (const Json* member = find(name))
      problem_ = read(*member, path_.member(name), limits, out);
    else
      problem_ = missing(name, kind);
  }

  template <class T>
  void optional(std::string_view name, std::optional<T>& out, const Limits& limits = {}) {
    if (problem_) return;
    if (const Json* member = find(name)) problem_ = read(*member, path_.member(name), limits, out.emplace());
  }

  template <class T>
  void optional(std::string_view name, Boxed<T>& out, const Limits& limits = {}) {
    if (problem_) return;
    if (const Json* member = find(name)) problem_ = read(*member, path_.member(name), limits, out.emplace());
  }

  // Lists and maps: absent is empty.
  template <class T>
  void optional(std::string_view name, T& out, const Limits& limits = {}) {
    if (problem_) return;
    if (const Json* member = find(name)) problem_ = read(*member, path_.member(name), limits, out);
  }

  template <class T>
  Result<T> finish(T&& value) {
    if (problem_) return std::move(*problem_);
    return std::forward<T>(value);
  }

 private:
  const Json* find(std::string_view name) const;
  Error missing(std::string_view name, std::string_view kind) const;

  const Json& value_;
  const FieldPath& path_;
  Problem problem_;
};

}  // namespace llmops::codec
