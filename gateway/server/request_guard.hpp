// A request's texts, through the guardrails of the revision that will answer it.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "gateway/guard/guard.hpp"
#include "gateway/server/detectors.hpp"
#include "gateway/server/guard_record.hpp"
#include "gateway/server/request_texts.hpp"

namespace llmops::gateway {

struct RequestVerdict {
  guard::Decision decision = guard::Decision::Allow;
  std::string guardrail, rule, place;  // that decided, with Block and Fallback
  std::string fallback_message;
  bool client_gone = false;  // nobody waits any more
};

class RequestGuard {
 public:
  // All outlive the guard.
  RequestGuard(const guard::Guard& guard, guard::GuardSession& session, DetectorClient& detectors,
               GuardRecord& record);

  // Says in each text what is to be read instead. All detectors are asked at once, about what our own rules
  // leave of the texts; `limit` bounds each one's answer.
  Task<RequestVerdict> check(RequestTexts& texts, Duration limit);

 private:
  using Checks = std::vector<guard::ExternalCheck>;
  // A text that detectors have a say about, and the first of its questions.
  struct Asked {
    GuardedText* text = nullptr;
    std::size_t first_question = 0;
  };

  const Checks& checks_of(const GuardedText& text) const;
  void check_asked(const Asked& asked, const std::vector<DetectorAnswer>& answers, RequestVerdict& verdict);
  void check_joined(const std::vector<GuardedText*>& parts, RequestVerdict& verdict);
  void conclude(GuardedText& text, guard::Outcome outcome, RequestVerdict& verdict);
  void note(guard::Stage stage, const guard::Outcome& outcome, const std::string& place,
            RequestVerdict& verdict);

  const guard::Guard& guard_;
  guard::GuardSession& session_;
  DetectorClient& detectors_;
  GuardRecord& record_;
  std::map<guard::Stage, Checks> checks_;  // of stages that have some
};

}  // namespace llmops::gateway
