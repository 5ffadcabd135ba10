#include "gateway/server/detectors.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "crds/base/defaults.hpp"
#include "gateway/guard/rules/detector_api.hpp"
#include "operator/kube/kubeconfig.hpp"

namespace llmops::gateway {
namespace {

constexpr Duration kReadAgain{60'000};
constexpr std::size_t kMaxAnswerBytes = 256u << 10;

std::string trimmed(const Result<std::string>& text) {
  if (!text.ok()) return {};
  const auto first = text->find_first_not_of(" \t\r\n");
  return first == std::string::npos ? std::string()
                                    : text->substr(first, text->find_last_not_of(" \t\r\n") - first + 1);
}

Result<ServiceEndpoint> read_endpoint(const std::string& folder, const std::string& name) {
  const std::string place = folder + "/" + name;
  const std::string url = trimmed(kube::read_file(place + "/url"));
  if (url.empty()) return Error{ErrorCode::NotFound, "endpoint " + name + ": no url in " + place};
  kube::ClientConfig server;
  const auto https = kube::parse_server_url(url, server);
  if (!https.ok()) return with_context(https.error(), "endpoint " + name + ": url");
  ServiceEndpoint endpoint;
  endpoint.peer.host = server.host;
  endpoint.peer.port = server.port;
  endpoint.peer.pool = "detector " + name;
  endpoint.path_prefix = server.path_prefix;
  endpoint.token = trimmed(kube::read_file(place + "/token"));
  if (*https) {
    TlsClient tls;
    if (auto ca = kube::read_file(place + "/ca"); ca.ok()) tls.ca_pem = std::move(*ca);
    endpoint.peer.tls = std::make_shared<const TlsClient>(std::move(tls));
  }
  return endpoint;
}

struct Read {
  Result<ServiceEndpoint> endpoint = Error{ErrorCode::NotFound, "not read yet"};
  Duration at{0};
};

bool same_authority(const ServiceEndpoint& a, const ServiceEndpoint& b) {
  return a.peer.tls && b.peer.tls && a.peer.tls->ca_pem == b.peer.tls->ca_pem;
}

HttpRequest question(const guard::ExternalCheck& check, const ServiceEndpoint& endpoint,
                     const std::string& text) {
  guard::DetectorRequest asked = guard::detector_request(*check.settings, text);
  HttpRequest request("POST", endpoint.path_prefix + asked.path);
  request.headers.set("content-type", "application/json");
  request.headers.set("accept", "application/json");
  if (!endpoint.token.empty()) request.headers.set("authorization", "Bearer " + endpoint.token);
  request.body = std::move(asked.body);
  return request;
}

}  // namespace

EndpointSource endpoints_in_folder(Env& env, std::string folder) {
  auto known = std::make_shared<std::map<std::string, Read>>();
  return [&env, folder = std::move(folder), known](const std::string& name) -> Result<ServiceEndpoint> {
    Read& read = (*known)[name];
    const Duration now = env.uptime();
    if (read.endpoint.ok() && now - read.at < kReadAgain) return read.endpoint;
    auto fresh = read_endpoint(folder, name);
    // Connections are kept for as long as the authority is the same.
    if (fresh.ok() && read.endpoint.ok() && same_authority(*fresh, *read.endpoint))
      fresh->peer.tls = read.endpoint->peer.tls;
    read = {std::move(fresh), now};
    return read.endpoint;
  };
}

// One call's questions, for those who ask them in turn.
struct DetectorClient::Round {
  std::vector<DetectorQuestion> questions;
  Duration limit{};
  std::vector<DetectorAnswer> answers;
  std::size_t next = 0, answered = 0;
  bool left = false;  // nobody waits any more
  Notify finished;
};

Task<Result<std::vector<DetectorAnswer>>> DetectorClient::ask(std::vector<DetectorQuestion> questions,
                                                              Duration limit) {
  const auto round = std::make_shared<Round>();
  round->questions = std::move(questions);
  round->limit = limit;
  round->answers.resize(round->questions.size());
  std::vector<TaskHandle> workers;
  for (std::size_t i = 0; i < std::min(round->questions.size(), kMaxAtOnce); ++i)
    workers.push_back(env_.spawn("detector", work(*this, round)));
  while (!round->left && round->answered < round->questions.size())
    if (co_await env_.wait(round->finished) == Wake::Cancelled) round->left = true;
  if (round->left)
    for (TaskHandle& worker : workers) worker.cancel();
  for (TaskHandle& worker : workers) co_await worker.join();
  if (round->left) co_return Error{ErrorCode::Cancelled, "cancelled"};
  co_return std::move(round->answers);
}

Task<void> DetectorClient::work(DetectorClient& client, std::shared_ptr<Round> round) {
  while (!round->left && round->next < round->questions.size()) {
    const std::size_t mine = round->next++;
    const auto answer = co_await client.ask_one(round->questions[mine], round->limit);
    if (answer.ok()) {
      round->answers[mine] = *answer;
      ++round->answered;
    } else {
      round->left = true;
    }
    if (round->left || round->answered == round->questions.size()) round->finished.notify_all();
  }
}

Task<Result<DetectorAnswer>> DetectorClient::ask_one(const DetectorQuestion& asked, Duration limit) {
  using Answer = Result<DetectorAnswer>;
  const guard::ExternalCheck& check = asked.check;
  if (!endpoints_ || !check.settings) co_return Answer(std::nullopt);
  const auto endpoint = endpoints_(check.settings->endpoint_ref.name);
  if (!endpoint.ok()) co_return Answer(std::nullopt);
  const HttpRequest request = question(check, *endpoint, asked.text);
  const Duration patience = std::min(limit, check.settings->timeout.value_or(defaults::kDetectorTimeout));
  ExchangeOptions options;
  options.connect_timeout = patience;
  options.head_timeout = patience;
  options.idle_timeout = patience;
  auto response = co_await transport_.exchange(endpoint->peer, request, options);
  if (!response.ok()) {
    if (response.error().code == ErrorCode::Cancelled) co_return Answer(response.error());
    co_return Answer(std::nullopt);
  }
  if (response->status != 200) co_return Answer(std::nullopt);
  const auto body = co_await read_all(*response->body, kMaxAnswerBytes);
  if (!body.ok()) {
    if (body.error().code == ErrorCode::Cancelled) co_return Answer(body.error());
    co_return Answer(std::nullopt);
  }
  const auto verdict = guard::detector_verdict(*check.settings, *body);
  co_return Answer(verdict.ok() ? DetectorAnswer(verdict->found) : std::nullopt);
}

}  // namespace llmops::gateway
