// Asks one arm one question.
#pragma once

#include <cstdint>
#include <string>

#include "evaluator/job/token_file.hpp"
#include "evaluator/judgement/dataset.hpp"
#include "operator/platform/env.hpp"
#include "operator/platform/transport.hpp"

namespace llmops::evaluator {

struct ArmEndpoint {
  Peer peer;
  std::string target;  // "/revisions/<hash>/v1/chat/completions"
};

// From the base of an OpenAI API, "http://host:8081/path/v1". InvalidArgument names what was found.
Result<ArmEndpoint> parse_arm_url(std::string_view url);

struct ClientCounts {
  std::int64_t requests = 0;
  std::int64_t retries = 0;
};

class ArmClient {
 public:
  // Connection failures, 429 and 503 are tried again so often; anything else is final.
  static constexpr int kMaxRetries = 3;

  // `deadline`: the Env::uptime() at which everything ends.
  ArmClient(Env& env, Transport& transport, TokenFile token, Duration request_timeout, Duration deadline)
      : env_(env),
        transport_(transport),
        token_(std::move(token)),
        request_timeout_(request_timeout),
        deadline_(deadline) {}

  // The answer with its latency, measured on the attempt that succeeded (a guardrail's block is one: status
  // 400 with the code content_filter, or a content_filter finish); or an unscored one whose reason is
  // one of a few words ("timeout", "connection failed", "status 500", …), so that reasons can be counted.
  Task<judgement::Answer> ask(const ArmEndpoint& endpoint, const std::string& body,
                              const std::string& conversation);

  bool past_deadline() const { return env_.uptime() >= deadline_; }
  const ClientCounts& counts() const { return counts_; }
  TokenFile& token() { return token_; }

 private:
  struct Attempt {
    judgement::Answer answer;
    bool retryable = false;
    Duration retry_after{0};
  };
  Task<Result<Attempt>> attempt(const ArmEndpoint& endpoint, HttpRequest request, Duration limit);

  Env& env_;
  Transport& transport_;
  TokenFile token_;
  Duration request_timeout_;
  Duration deadline_;
  ClientCounts counts_;
};

}  // namespace llmops::evaluator
