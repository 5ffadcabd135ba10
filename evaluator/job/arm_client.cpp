#include "evaluator/job/arm_client.hpp"

#include <algorithm>
#include <charconv>

#include "evaluator/job/base_url.hpp"
#include "evaluator/job/chat.hpp"

namespace llmops::evaluator {
namespace {

using judgement::Answer;

constexpr Duration kFirstBackoff{250};
constexpr Duration kLongestBackoff{10'000};
constexpr Duration kWaitForEnd{200};
constexpr std::size_t kMaxErrorBytes = 64u << 10;

Answer unanswered(std::string reason) {
  Answer answer;
  answer.unscored_reason = std::move(reason);
  return answer;
}

std::string reason_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::Unavailable:
      return "connection failed";
    case ErrorCode::DeadlineExceeded:
    case ErrorCode::Cancelled:
      return "timeout";
    case ErrorCode::TooLarge:
      return "answer too large";
    default:
      return "not an answer";
  }
}

Duration retry_after_of(const Headers& headers) {
  const std::string_view text = headers.get("retry-after");
  long seconds = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (code != std::errc{} || seconds < 0) return Duration(0);
  return std::min(Duration(std::min(seconds, 3600L) * 1000), kLongestBackoff);
}

// Reads the body of an error answer.
Task<bool> is_blocked(BodyStream& body) {
  std::string text;
  while (text.size() <= kMaxErrorBytes) {
    const Result<std::string_view> bytes = co_await body.read();
    if (!bytes || bytes->empty()) break;
    text.append(*bytes);
  }
  co_return text.size() <= kMaxErrorBytes&& is_content_filter_error(text);
}

}  // namespace

Result<ArmEndpoint> parse_arm_url(std::string_view url) {
  auto base = parse_base_url(url);
  if (!base)
    return Error{ErrorCode::InvalidArgument,
                 "url: found \"" + std::string(url.substr(0, 200)) + "\", " + base.error().message};
  return ArmEndpoint{std::move(base->peer), base->path + "/chat/completions"};
}

Task<Result<ArmClient::Attempt>> ArmClient::attempt(const ArmEndpoint& endpoint, HttpRequest request,
                                                    Duration limit) {
  Attempt result;
  ExchangeOptions options;
  options.head_timeout = limit;
  options.idle_timeout = limit;
  options.connect_timeout = std::min(limit, options.connect_timeout);
  const Duration start = env_.uptime();
  Result<HttpResponse> response = co_await transport_.exchange(endpoint.peer, request, options);
  if (!response) {
    result.answer = unanswered(reason_of(response.error()));
    result.retryable = response.error().code == ErrorCode::Unavailable;
    co_return result;
  }
  if (response->status == 400) {
    // A coroutine must not await a temporary.
    Task<bool> reading = is_blocked(*response->body);
    if (co_await std::move(reading)) {
      result.answer.blocked = true;
      result.answer.output.emplace();
      result.answer.latency_ms = static_cast<double>((env_.uptime() - start).count());
      co_return result;
    }
  }
  if (response->status != 200) {
    result.answer = unanswered("status " + std::to_string(response->status));
    result.retryable = response->status == 429 || response->status == 503;
    result.retry_after = retry_after_of(response->headers);
    co_return result;
  }
  ChatAnswer chat(response->headers.get("content-type").starts_with("text/event-stream"));
  while (!chat.done()) {
    const Result<std::string_view> bytes = co_await response->body->read();
    if (!bytes) {
      result.answer = unanswered(reason_of(bytes.error()));
      result.retryable = bytes.error().code == ErrorCode::Unavailable;
      co_return result;
    }
    const Result<void> taken = bytes->empty() ? chat.finish() : chat.feed(*bytes);
    if (!taken) {
      const bool cut = taken.error().code == ErrorCode::Unavailable;
      result.answer = unanswered(cut ? "stream cut" : reason_of(taken.error()));
      result.retryable = cut;
      co_return result;
    }
    if (chat.started() && !result.answer.first_token_ms)
      result.answer.first_token_ms = static_cast<double>((env_.uptime() - start).count());
  }
  result.answer.latency_ms = static_cast<double>((env_.uptime() - start).count());
  result.answer.output = chat.text();
  result.answer.blocked = chat.blocked();
  // What is left of the body is its end; having read it lets the connection be used again.
  Task<Result<std::string_view>> rest = response->body->read();
  const Result<std::string_view> end = co_await with_timeout(env_, kWaitForEnd, std::move(rest));
  static_cast<void>(end);
  co_return result;
}

Task<Answer> ArmClient::ask(const ArmEndpoint& endpoint, const std::string& body,
                            const std::string& conversation) {
  Answer last = unanswered("not asked");
  Duration backoff = kFirstBackoff;
  for (int tried = 0; tried <= kMaxRetries; ++tried) {
    const Duration left = deadline_ - env_.uptime();
    if (left <= Duration(0)) break;
    HttpRequest request("POST", endpoint.target,
                        {{"content-type", "application/json"},
                         {"accept", "text/event-stream"},
                         {"x-conversation-id", percent_encode(conversation)}},
                        body);
    if (const std::string& token = token_.get(env_.uptime()); !token.empty())
      request.headers.set("authorization", "Bearer " + token);
    const Duration limit = std::min(left, request_timeout_);
    ++counts_.requests;
    counts_.retries += tried > 0 ? 1 : 0;
    Task<Result<Attempt>> running = attempt(endpoint, std::move(request), limit);
    Result<Attempt> done = co_await with_timeout(env_, limit, std::move(running));
    if (!done) {
      last = unanswered(limit < request_timeout_ ? "overall timeout" : "timeout");
      break;
    }
    last = std::move(done->answer);
    if (!done->retryable || tried == kMaxRetries) break;
    const Duration pause = env_.jittered(std::max(backoff, done->retry_after), 0.2);
    backoff = std::min(backoff * 4, kLongestBackoff);
    const Result<void> slept = co_await env_.sleep(std::min(pause, deadline_ - env_.uptime()));
    if (!slept) break;
  }
  co_return last;
}

}  // namespace llmops::evaluator
