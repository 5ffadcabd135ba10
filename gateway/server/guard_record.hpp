// What guardrails found and decided for one request, without any of the texts: the source of the verdicts
// that a client sees, of the figures and of the audit log.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "crds/base/json.hpp"
#include "gateway/guard/guard.hpp"

namespace llmops::gateway {

struct FindingKey {
  std::string guardrail, rule, type;
  guard::Stage stage{};
  guard::Action action{};
  bool enforced = true;
  bool operator<(const FindingKey& other) const {
    return std::tie(guardrail, rule, type, stage, action, enforced) <
           std::tie(other.guardrail, other.rule, other.type, other.stage, other.action, other.enforced);
  }
};

struct FindingTally {
  std::uint64_t count = 0;
  double confidence = 0;  // the highest
};

class GuardRecord {
 public:
  enum class Side { Request, Answer };

  void found(Side side, guard::Stage stage, const guard::Finding& finding);
  // The rule that ended the request or an answer, with Block or Fallback.
  void decided(Side side, guard::Stage stage, guard::Decision decision, const std::string& guardrail,
               const std::string& rule);
  void looked_at(Side side) { looked_at_.insert(side); }
  void changed(guard::Stage stage) { ++changed_[stage]; }
  // A place of the request that holds no text and reaches the model: a picture, a sound.
  void not_scanned(std::string place) { not_scanned_.push_back(std::move(place)); }
  void merge(const GuardRecord& other);

  // An enforced rule found something.
  bool flagged() const;
  // Some text of the request was replaced by a name that the answer may hold.
  bool has_pseudonyms() const;
  guard::Decision decision() const;
  // OpenAI's `moderation` of a chat completion: {"input": {"type": "moderation_results", "model", "results":
  // [{"type": "moderation_result", "model", "flagged", "categories": {"<guardrail>/<rule>": true},
  // "category_scores", "category_applied_input_types"}]}, "output": …}; no result for a side that no rule
  // looked at; "decision" is ours. Monitor mode is not told.
  Json moderation() const;
  // "pii-ko=mask, topics=allow" for these guardrails.
  std::string header(const std::vector<std::string>& guardrails) const;
  // For the audit log: [{guardrail, rule, type, stage, action, enforced, count, confidence}].
  Json findings() const;

  const std::map<FindingKey, FindingTally>& tallies(Side side) const {
    return side == Side::Request ? request_ : answer_;
  }
  struct Ending {
    Side side{};
    guard::Stage stage{};
    guard::Decision decision{};
    std::string guardrail, rule;
  };
  const std::vector<Ending>& endings() const { return endings_; }
  const std::map<guard::Stage, std::uint64_t>& changed_texts() const { return changed_; }
  const std::vector<std::string>& places_not_scanned() const { return not_scanned_; }

 private:
  Json side_verdict(Side side) const;

  std::map<FindingKey, FindingTally> request_, answer_;
  std::vector<Ending> endings_;
  std::set<Side> looked_at_;
  std::map<guard::Stage, std::uint64_t> changed_;
  std::vector<std::string> not_scanned_;
};

// What an action amounts to, Mask for Pseudonymise.
guard::Decision decision_of(guard::Action action);

}  // namespace llmops::gateway
