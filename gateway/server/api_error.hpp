// Errors as OpenAI's clients expect them: {"error": {"message", "type", "param", "code"}}, all four always
// there.
#pragma once

#include <string>
#include <string_view>

#include "crds/base/result.hpp"
#include "operator/platform/http.hpp"

namespace llmops::gateway {

struct ApiError {
  int status = 500;
  std::string message;
  std::string type;   // invalid_request_error | authentication_error | rate_limit_error | server_error | …
  std::string param;  // the field at fault; empty: null
  std::string code;   // a word for programs; empty: null
  long retry_after_s = 0;

  std::string body() const;
  // content-type, and Retry-After where it is set.
  Headers headers() const;
  // The same error as the last event of a stream.
  std::string event() const;
};

// By status: type and code follow from the table in the source file.
ApiError api_error(int status, std::string message);

// InvalidArgument 400, NotFound 404, Unauthorized 401, Forbidden 403, TooLarge 413, TooManyRequests 429,
// Unavailable 503, DeadlineExceeded 504, the rest 500. Messages of ours begin with the field path: it becomes
// `param`.
ApiError api_error(const Error& error);

// An engine's error answer (any text) reshaped. What the request caused (400, 413, 422) stays the client's
// error, what the engine does not offer (501) stays that; everything else is the gateway's 502.
ApiError engine_error(int status, std::string_view body);

// A request that a guardrail refused: says which rule and where, and repeats nothing of the text.
ApiError content_filter_error(const std::string& guardrail, const std::string& rule,
                              const std::string& place);

// For ListenOptions::error_body: what the transport itself refuses.
std::string transport_error_body(int status, std::string_view reason);

}  // namespace llmops::gateway
