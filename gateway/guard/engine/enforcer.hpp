// What becomes of a text by what rules found in it. The strictest action wins: Block, Fallback, Mask,
// Pseudonymise; of equal ones that of the longest finding.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/guard/engine/json_position.hpp"
#include "gateway/guard/engine/program.hpp"
#include "gateway/guard/guard.hpp"
#include "gateway/guard/stream/hold_back.hpp"

namespace llmops::guard {

// The state of a judgement, of a stream or a whole text.
struct Verdicts {
  Decision decision = Decision::Allow;
  std::vector<Finding> findings;
  std::string fallback_message, guardrail, rule;

  // Adds a finding of a rule and what it means for the decision.
  void add(const CompiledRule& rule, Finding finding);
  // What a finding of the rule means.
  void decide(const CompiledRule& rule);
  bool ended() const { return decision >= Decision::Fallback; }
};

class Enforcer final : public HoldBackClient {
 public:
  // `whole`: the text is judged to its end, whatever is found (what leaves is not used then).
  Enforcer(const StreamPlan& plan, Stage stage, TextForm form, bool whole, Pseudonyms& pseudonyms,
           std::vector<ScanRecord>& scanned, Verdicts& verdicts)
      : plan_(plan),
        stage_(stage),
        form_(form),
        whole_(whole),
        pseudonyms_(pseudonyms),
        scanned_(scanned),
        verdicts_(verdicts) {}

  void passed(std::string_view given, std::string& out) override;
  bool replaced(const Cluster& cluster, std::string& out) override;
  void noted(const Hit& hit) override;
  void extended(std::size_t rule, std::size_t begin, std::size_t end) override;
  bool violated(std::size_t rule, std::size_t begin) override;
  bool gave_up(std::size_t rule) override;

  // The text has `bytes` bytes: findings about the whole of it are that long. Findings by begin.
  void complete(std::size_t bytes);

 private:
  const CompiledRule* compiled(std::size_t rule) const { return plan_.planned[rule].compiled; }
  Finding finding_of(const Hit& hit) const;
  bool is_pseudonym(const Cluster& cluster, const Hit& hit) const;
  std::string replacement(const CompiledRule& rule, const Finding& finding, std::string_view given);
  std::string given_back(std::string_view given);
  void put(std::string_view text, std::string_view given, std::string& out);

  const StreamPlan& plan_;
  Stage stage_;
  TextForm form_;
  bool whole_;
  Pseudonyms& pseudonyms_;
  std::vector<ScanRecord>& scanned_;
  Verdicts& verdicts_;
  JsonPosition json_;
  std::vector<std::size_t> about_all_;  // findings about the whole text
};

}  // namespace llmops::guard
