// The life of one request to a model: read, routed, held if need be, guarded, rendered, asked of an engine,
// and answered through the guardrails.
//
// Until a byte has gone to the client, a failed engine costs nothing: another endpoint of the same revision
// is tried (GatewayOptions::max_retries times), and when none is servable the request waits for one
// (queue_timeout). An answer that is gathered for a client without streaming can be retried to its very end.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/server/answer_guard.hpp"
#include "gateway/server/answer_head.hpp"
#include "gateway/server/api_error.hpp"
#include "gateway/server/gateway.hpp"
#include "gateway/server/surface.hpp"

namespace llmops::gateway {

// A time-out this close to the request's own end is that end.
inline constexpr Duration kDeadlineSlack{20};

class ModelExchange {
 public:
  // `evaluated_revision` is the whole hash on the evaluation port and empty on the users' port.
  ModelExchange(Gateway& gateway, ServerExchange& exchange, const Surface& surface,
                std::string evaluated_revision);

  // Returns when the client has its answer or has gone.
  Task<void> run();

 private:
  enum class Step {
    Done,   // answered, or nobody is there any more
    Retry,  // the endpoint failed and the client has seen nothing
    Go      // on to the next step
  };

  Task<Step> place();
  // The question for the engine, once for each revision that is tried.
  Task<Step> prepare();
  // `changed`: the request as the model may read it, where rules have changed a text.
  Task<Step> guard_request(std::optional<ModelRequest>& changed);
  Task<Step> ask_engine();

  // The three ways of an answer. `answer` (null: no guardrail has a say) goes with one try of an engine.
  Task<Step> relay(HttpResponse& response, AnswerGuard* answer);
  Task<Step> gather(HttpResponse& response, AnswerGuard* answer);
  Task<Step> whole(HttpResponse& response);
  Task<Step> say(std::string text);  // the gateway's own answer, by Fallback

  Task<Step> engine_refused(HttpResponse& response);
  Step failed(const Error& error);  // before the client saw anything
  Task<Step> cut(Error error);
  Task<Step> refuse(ApiError error, Outcome outcome);
  Task<Step> turn_away(ApiError error, Outcome outcome);  // before an engine was asked
  Step gone();
  void give_back();
  void first_token();
  Duration left() const;
  Headers answer_headers(const char* content_type) const;
  // With the id for feedback: of an answer that begins now.
  Headers good_headers(const char* content_type);
  RequestEnd request_end() const;
  AnswerGuard::Setup answer_setup();
  bool answer_is_guarded() const;
  bool moderation_is_told() const;
  // The form without which an answer must not reach the client; null when none is asked for.
  const AnswerFormat* enforced_format() const;
  Task<bool> start_events();
  Task<bool> send_events(std::string_view events);  // false: nobody is there any more
  void absorb(const AnswerGuard* answer);           // its record and texts become the request's

  void account();
  void log_access(Duration took) const;
  Json texts_for_log();
  void log_guardrails(Json texts) const;

  Gateway& gateway_;
  ServerExchange& exchange_;
  const Surface& surface_;
  const std::string evaluated_revision_;
  const std::string request_id_;
  const Duration arrived_;
  std::string key_;
  ModelRequest request_;
  RequestId id_ = 0;
  Decision decision_;

  RevisionPointer prepared_for_;
  std::string body_;  // for the engine
  std::unique_ptr<guard::GuardSession> session_;
  GuardRecord record_;                            // of the request, in the end also of the answer
  std::map<std::string, std::string> log_texts_;  // by place, of revisions with rules for the log

  std::vector<std::string> failed_pods_;
  std::string last_failure_;
  Outcome outcome_ = Outcome::Error;
  int status_ = 0;  // what the client got; 0: nothing
  TokenUsage usage_;
  std::optional<Duration> first_token_;
  AnswerHead head_;  // of a trial's answer
};

}  // namespace llmops::gateway
