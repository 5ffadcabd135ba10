#include "evaluator/job/prometheus_client.hpp"

#include <fstream>
#include <iterator>
#include <utility>

#include "crds/base/json.hpp"
#include "evaluator/job/base_url.hpp"
#include "evaluator/prometheus/plan.hpp"

namespace llmops::evaluator {
namespace {

constexpr const char* kTarget = "/api/v1/query";
constexpr int kMethodNotAllowed = 405;

// Empty when it cannot be read.
std::string trimmed_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto first = text.find_first_not_of(" \t\r\n");
  return first == std::string::npos ? std::string()
                                    : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// A server may repeat what it was sent.
Error without(Error error, const std::string& token) {
  if (token.empty()) return error;
  for (std::size_t at; (at = error.message.find(token)) != std::string::npos;)
    error.message.replace(at, token.size(), "…");
  return error;
}

Result<prometheus::Answer> answer_of(int status, std::string_view body) {
  if (status == 401 || status == 403)
    return Error{ErrorCode::Unauthorized,
                 "status " + std::to_string(status) + ": the endpoint refuses its token"};
  auto answer = prometheus::parse_answer(body);
  // Prometheus refuses a query with 400, 422 or 503 and says why in JSON; a proxy does not.
  if (status == 200 || (!answer && parse_json(body).ok())) return answer;
  return Error{ErrorCode::Unavailable, "status " + std::to_string(status)};
}

}  // namespace

Result<PrometheusClient::Endpoint> PrometheusClient::endpoint() {
  const std::string url = trimmed_file(folder_ + "/url");
  if (url.empty())
    return Error{ErrorCode::NotFound,
                 "endpoint: found no url, allowed a Secret with the key url (and token, ca)"};
  auto base = parse_base_url(url);
  if (!base)
    return Error{ErrorCode::InvalidArgument, "endpoint: found another url than is " + base.error().message};
  Endpoint endpoint{std::move(base->peer), std::move(base->path), trimmed_file(folder_ + "/token")};
  if (!endpoint.peer.tls) return endpoint;
  std::string authority = trimmed_file(folder_ + "/ca");
  if (!tls_ || tls_->ca_pem != authority) {
    TlsClient tls;
    tls.ca_pem = std::move(authority);
    tls_ = std::make_shared<const TlsClient>(std::move(tls));
  }
  endpoint.peer.tls = tls_;
  return endpoint;
}

Task<Result<prometheus::Answer>> PrometheusClient::ask(std::string query) {
  auto found = endpoint();
  if (!found) co_return found.error();
  const std::string token = found->token;
  auto asking = exchange(std::move(*found), std::move(query));
  auto answer = co_await with_timeout(env_, prometheus::kQueryTimeout, std::move(asking));
  if (!answer) co_return without(answer.error(), token);
  co_return answer;
}

Task<Result<prometheus::Answer>> PrometheusClient::exchange(Endpoint endpoint, std::string query) {
  const std::string form = "query=" + percent_encode(query) +
                           "&timeout=" + std::to_string(prometheus::kQueryTimeout.count()) + "ms";
  HttpRequest post("POST", endpoint.path + kTarget, {{"content-type", "application/x-www-form-urlencoded"}},
                   form);
  auto answered = co_await send(endpoint, std::move(post));
  if (answered && answered->first == kMethodNotAllowed) {  // a proxy that lets reads through alone
    HttpRequest get("GET", endpoint.path + kTarget + "?" + form);
    answered = co_await send(endpoint, std::move(get));
  }
  if (!answered) co_return answered.error();
  co_return answer_of(answered->first, answered->second);
}

Task<Result<std::pair<int, std::string>>> PrometheusClient::send(const Endpoint& endpoint,
                                                                 HttpRequest request) {
  request.headers.set("accept", "application/json");
  if (!endpoint.token.empty()) request.headers.set("authorization", "Bearer " + endpoint.token);
  const ExchangeOptions options;
  auto response = co_await transport_.exchange(endpoint.peer, request, options);
  if (!response) co_return response.error();
  auto body = co_await read_all(*response->body, kMaxAnswerBytes);
  if (!body) co_return body.error();
  co_return std::pair(response->status, std::move(*body));
}

}  // namespace llmops::evaluator
