// The life of one chat completion: read, routed, held if need be, rendered, asked of an engine, and answered.
//
// Until a byte has gone to the client, a failed engine costs nothing: another endpoint of the same revision
// is tried (GatewayOptions::max_retries times), and when none is servable the request waits for one
// (queue_timeout). An answer that is gathered for a client without streaming can be retried to its very end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/server/api_error.hpp"
#include "gateway/server/chat_request.hpp"
#include "gateway/server/gateway.hpp"

namespace llmops::gateway {

class ChatExchange {
 public:
  // `evaluated_revision` is the whole hash on the evaluation port and empty on the users' port.
  ChatExchange(Gateway& gateway, ServerExchange& exchange, std::string evaluated_revision);

  // Returns when the client has its answer or has gone.
  Task<void> run();

 private:
  enum class Step {
    Done,   // answered, or nobody is there any more
    Retry,  // the endpoint failed and the client has seen nothing
    Go      // on to the next step
  };

  Task<Step> place();
  Task<Step> ask_engine();
  Task<Step> relay(HttpResponse& response);
  Task<Step> gather(HttpResponse& response);
  Task<Step> engine_refused(HttpResponse& response);
  Step failed(const Error& error);  // before the client saw anything
  Task<Step> cut(const Error& error);

  Task<Step> refuse(ApiError error, Outcome outcome);
  Step gone();
  void give_back();
  void first_token();
  Duration left() const;
  Headers answer_headers(const char* content_type) const;
  void account();

  Gateway& gateway_;
  ServerExchange& exchange_;
  const std::string evaluated_revision_;
  const std::string request_id_;
  const Duration arrived_;
  std::string key_;
  ChatRequest request_;
  RequestId id_ = 0;
  Decision decision_;
  RevisionPointer rendered_for_;
  std::string body_;  // for the engine
  std::vector<std::string> failed_pods_;
  std::string last_failure_;
  Outcome outcome_ = Outcome::Error;
  int status_ = 0;  // what the client got; 0: nothing
  TokenUsage usage_;
  std::optional<Duration> first_token_;
};

}  // namespace llmops::gateway
