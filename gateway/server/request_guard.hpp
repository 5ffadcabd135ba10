// A request's texts, through the guardrails of the revision that will answer it.
#pragma once

#include <string>
#include <vector>

#include "gateway/guard/guard.hpp"
#include "gateway/server/detectors.hpp"
#include "gateway/server/guard_record.hpp"

namespace llmops::gateway {

// A text that the model will read, where it stands.
struct GuardedText {
  guard::Stage stage{};
  std::string* text = nullptr;
  std::string place;  // "messages[2].content"
  guard::TextForm form = guard::TextForm::Plain;
  // Texts with the same number above 0 are neighbours that engines join: what is split over them is looked
  // for too.
  std::size_t joined = 0;
};

struct RequestTexts {
  std::vector<GuardedText> texts;
  std::vector<std::string> not_scanned;  // places of pictures and sounds
};

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
               GuardRecord& record)
      : guard_(guard), session_(session), detectors_(detectors), record_(record) {}

  // Replaces what is to be masked in the texts themselves. `limit` bounds each detector's answer.
  Task<RequestVerdict> check(RequestTexts& texts, Duration limit);

 private:
  Task<void> check_one(GuardedText& text, Duration limit, RequestVerdict& verdict);
  void check_joined(const std::vector<GuardedText*>& parts, RequestVerdict& verdict);
  void note(guard::Stage stage, const guard::Outcome& outcome, const std::string& place,
            RequestVerdict& verdict);

  const guard::Guard& guard_;
  guard::GuardSession& session_;
  DetectorClient& detectors_;
  GuardRecord& record_;
};

}  // namespace llmops::gateway
