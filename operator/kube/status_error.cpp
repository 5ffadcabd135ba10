#include "operator/kube/status_error.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "crds/base/json.hpp"

namespace llmops::kube {
namespace {

constexpr long kLongestRetryAfterSeconds = 60;
constexpr std::size_t kLongestBodyInMessage = 200;

struct Reason {
  std::string_view name;
  ErrorCode code;
};

// k8s.io/apimachinery/pkg/apis/meta/v1/types.go: StatusReason.
constexpr std::array<Reason, 18> kReasons{{{"NotFound", ErrorCode::NotFound},
                                           {"AlreadyExists", ErrorCode::AlreadyExists},
                                           {"Conflict", ErrorCode::Conflict},
                                           {"Gone", ErrorCode::Expired},
                                           {"Expired", ErrorCode::Expired},
                                           {"Forbidden", ErrorCode::Forbidden},
                                           {"Unauthorized", ErrorCode::Unauthorized},
                                           {"Invalid", ErrorCode::InvalidArgument},
                                           {"BadRequest", ErrorCode::InvalidArgument},
                                           {"MethodNotAllowed", ErrorCode::InvalidArgument},
                                           {"NotAcceptable", ErrorCode::InvalidArgument},
                                           {"UnsupportedMediaType", ErrorCode::InvalidArgument},
                                           {"RequestEntityTooLarge", ErrorCode::TooLarge},
                                           {"TooManyRequests", ErrorCode::TooManyRequests},
                                           {"ServerTimeout", ErrorCode::Unavailable},
                                           {"ServiceUnavailable", ErrorCode::Unavailable},
                                           {"InternalError", ErrorCode::Unavailable},
                                           {"Timeout", ErrorCode::DeadlineExceeded}}};

ErrorCode code_of_http(int status) {
  switch (status) {
    case 401:
      return ErrorCode::Unauthorized;
    case 403:
      return ErrorCode::Forbidden;
    case 404:
      return ErrorCode::NotFound;
    case 409:
      return ErrorCode::Conflict;
    case 410:
      return ErrorCode::Expired;
    case 413:
      return ErrorCode::TooLarge;
    case 429:
      return ErrorCode::TooManyRequests;
    case 504:
      return ErrorCode::DeadlineExceeded;
    default:
      return status >= 500 ? ErrorCode::Unavailable : ErrorCode::InvalidArgument;
  }
}

}  // namespace

long retry_after_ms(const Headers& headers) {
  const std::string_view text = headers.get("Retry-After");
  long seconds = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || code != std::errc{} || end != text.data() + text.size() || seconds < 0) return 0;
  return std::clamp(seconds, 1L, kLongestRetryAfterSeconds) * 1000;
}

Error status_error(int http_status, const Headers& headers, std::string_view body, std::string_view what) {
  Error error{code_of_http(http_status), std::string(what) + ": ", retry_after_ms(headers)};
  const auto status = parse_json(body);
  const bool is_status = status.ok() && string_at(*status, "kind") == "Status";
  if (!is_status) {
    const std::string_view text = body.substr(0, kLongestBodyInMessage);
    error.message += "HTTP " + std::to_string(http_status) + (text.empty() ? "" : ": " + std::string(text));
    return error;
  }
  const std::string reason = string_at(*status, "reason");
  const auto known =
      std::find_if(kReasons.begin(), kReasons.end(), [&](const Reason& r) { return r.name == reason; });
  const int status_code = static_cast<int>(integer_at(*status, "code", http_status));
  error.code = known != kReasons.end() ? known->code : code_of_http(status_code);
  error.message += string_at(*status, "message", "HTTP " + std::to_string(http_status));
  const long long seconds = integer_at(*status, "details.retryAfterSeconds");
  if (error.retry_after_ms == 0 && seconds > 0)
    error.retry_after_ms = static_cast<long>(std::min<long long>(seconds, kLongestRetryAfterSeconds)) * 1000;
  return error;
}

}  // namespace llmops::kube
