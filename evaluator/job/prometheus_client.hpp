// Asks a Prometheus.
#pragma once

#include <memory>
#include <string>

#include "evaluator/prometheus/answer.hpp"
#include "operator/platform/env.hpp"
#include "operator/platform/transport.hpp"

namespace llmops::evaluator {

class PrometheusClient {
 public:
  static constexpr std::size_t kMaxAnswerBytes = 1u << 20;

  // `folder`: where the kubelet keeps url, token and ca of a Secret of the type llmops.dev/endpoint up to
  // date.
  PrometheusClient(Env& env, Transport& transport, std::string folder)
      : env_(env), transport_(transport), folder_(std::move(folder)) {}

  // An instant query at the server's own time. Errors: NotFound (no url), InvalidArgument (the query or the
  // answer), Unauthorized, Unavailable, DeadlineExceeded, TooLarge, Cancelled. None of them says the token.
  Task<Result<prometheus::Answer>> ask(std::string query);

 private:
  struct Endpoint {
    Peer peer;
    std::string path;
    std::string token;  // empty: none
  };
  Result<Endpoint> endpoint();
  Task<Result<prometheus::Answer>> exchange(Endpoint endpoint, std::string query);
  Task<Result<std::pair<int, std::string>>> send(const Endpoint& endpoint, HttpRequest request);

  Env& env_;
  Transport& transport_;
  std::string folder_;
  std::shared_ptr<const TlsClient>
      tls_;  // of the authority that was read last, for connections that are kept
};

}  // namespace llmops::evaluator
