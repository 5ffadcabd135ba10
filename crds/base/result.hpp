// Errors as values.
//
// Every function that can fail for a reason outside the program returns Result<T>. Nothing throws
// across a module edge; exceptions mean a bug or lack of memory. The code decides *behaviour* (retry,
// requeue, refuse); the message is for people and says what was found, where, and what to do next.
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace llmops {

enum class ErrorCode {
  InvalidArgument,   // the caller's input is wrong; retrying the same call cannot help
  NotFound,          // the named object does not exist
  AlreadyExists,     // a create met an object of that name
  Conflict,          // an optimistic write lost; read again and decide again
  Expired,           // a resourceVersion or continue token is too old; list again
  Forbidden,         // no right to do this
  Unauthorized,      // credentials are missing or no longer valid
  TooLarge,          // a bound on size or depth was exceeded
  TooManyRequests,   // the peer asked to slow down
  Unavailable,       // the peer could not be reached or answered 5xx
  DeadlineExceeded,  // no answer in time; a write may have happened
  Cancelled,         // the caller stopped waiting
  Internal           // a bug, ours or the peer's
};

// The name of a code as written in logs ("NotFound").
std::string_view to_string(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;
  // What the peer asked for by Retry-After, in milliseconds; 0 when it said nothing.
  long retry_after_ms = 0;
};

// The same error with "context: " in front of its message.
Error with_context(Error error, std::string_view context);

// A value or an Error. Reading the value of an error is a bug and asserts.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  const T& value() const& {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  T& value() & {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    assert(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  const Error& error() const& {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    assert(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return error_.index() == 0; }
  explicit operator bool() const { return ok(); }
  const Error& error() const& {
    assert(!ok());
    return *std::get_if<1>(&error_);
  }

 private:
  std::variant<std::monostate, Error> error_;
};

}  // namespace llmops
