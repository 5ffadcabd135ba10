#include "gateway/server/api_error.hpp"

#include "crds/base/json.hpp"

namespace llmops::gateway {
namespace {

struct Shape {
  int status;
  const char* type;
  const char* code;
  long retry_after_s;
};

constexpr Shape kShapes[] = {
    {400, "invalid_request_error", "invalid_request", 0},
    {401, "authentication_error", "invalid_token", 0},
    {403, "permission_error", "forbidden", 0},
    {404, "invalid_request_error", "not_found", 0},
    {405, "invalid_request_error", "method_not_allowed", 0},
    {408, "invalid_request_error", "request_timeout", 0},
    {413, "invalid_request_error", "request_too_large", 0},
    {429, "rate_limit_error", "rate_limit_exceeded", 1},
    {431, "invalid_request_error", "header_too_large", 0},
    {501, "invalid_request_error", "not_supported", 0},
    {502, "server_error", "bad_gateway", 0},
    {503, "server_error", "service_unavailable", 1},
    {504, "server_error", "timeout", 0},
};

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
      return 400;
    case ErrorCode::NotFound:
      return 404;
    case ErrorCode::Unauthorized:
      return 401;
    case ErrorCode::Forbidden:
      return 403;
    case ErrorCode::TooLarge:
      return 413;
    case ErrorCode::TooManyRequests:
      return 429;
    case ErrorCode::Unavailable:
      return 503;
    case ErrorCode::DeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

// "messages[2].role" of "messages[2].role: found …", or empty.
std::string leading_field(std::string_view message) {
  const auto colon = message.find(": ");
  if (colon == std::string_view::npos || colon == 0) return {};
  for (const char c : message.substr(0, colon))
    if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
        std::string_view("_.[]").find(c) == std::string_view::npos)
      return {};
  return std::string(message.substr(0, colon));
}

Json to_json(const ApiError& error) {
  Json inner = Json::object();
  inner["message"] = error.message;
  inner["type"] = error.type;
  inner["param"] = error.param.empty() ? Json() : Json(error.param);
  inner["code"] = error.code.empty() ? Json() : Json(error.code);
  Json outer = Json::object();
  outer["error"] = std::move(inner);
  return outer;
}

}  // namespace

std::string ApiError::body() const {
  return dump_json(to_json(*this));
}

std::string ApiError::event() const {
  return "data: " + body() + "\n\n";
}

Headers ApiError::headers() const {
  Headers headers{{"content-type", "application/json"}};
  if (retry_after_s > 0) headers.add("retry-after", std::to_string(retry_after_s));
  return headers;
}

ApiError api_error(int status, std::string message) {
  ApiError error;
  error.status = status;
  error.message = std::move(message);
  error.type = "server_error";
  error.code = "internal_error";
  for (const Shape& shape : kShapes) {
    if (shape.status != status) continue;
    error.type = shape.type;
    error.code = shape.code;
    error.retry_after_s = shape.retry_after_s;
  }
  return error;
}

ApiError api_error(const Error& error) {
  ApiError api = api_error(status_of(error.code), error.message);
  if (api.status == 400) api.param = leading_field(error.message);
  return api;
}

ApiError engine_error(int status, std::string_view body) {
  auto parsed = parse_json(body);
  std::string message = "the engine answered " + std::to_string(status);
  std::string type;
  if (parsed.ok()) {
    if (std::string said = string_at(*parsed, "error.message"); !said.empty()) message = std::move(said);
    type = string_at(*parsed, "error.type");
  }
  if (status == 501) return api_error(501, "the engine of this model does not offer this: " + message);
  if (status != 400 && status != 413 && status != 422)
    return api_error(502, "the engine failed (" + std::to_string(status) + "): " + message);
  ApiError error = api_error(status == 413 ? 413 : 400, std::move(message));
  if (type == "exceed_context_size_error") {
    error.code = "context_length_exceeded";
    error.param = "messages";
  }
  return error;
}

ApiError content_filter_error(const std::string& guardrail, const std::string& rule,
                              const std::string& place) {
  ApiError error = api_error(400, "refused by rule \"" + rule + "\" of guardrail \"" + guardrail + "\"");
  error.code = "content_filter";
  error.param = place.substr(0, 120);
  return error;
}

std::string transport_error_body(int status, std::string_view reason) {
  return api_error(status, std::string(reason)).body();
}

}  // namespace llmops::gateway
