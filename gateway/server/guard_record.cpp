#include "gateway/server/guard_record.hpp"

#include <algorithm>

namespace llmops::gateway {
namespace {

constexpr const char* kModel = "llmops-guardrails";

void add(std::map<FindingKey, FindingTally>& into, const std::map<FindingKey, FindingTally>& other) {
  for (const auto& [key, tally] : other) {
    FindingTally& target = into[key];
    target.count += tally.count;
    target.confidence = std::max(target.confidence, tally.confidence);
  }
}

}  // namespace

guard::Decision decision_of(guard::Action action) {
  switch (action) {
    case guard::Action::Block:
      return guard::Decision::Block;
    case guard::Action::Fallback:
      return guard::Decision::Fallback;
    case guard::Action::Mask:
    case guard::Action::Pseudonymise:
      return guard::Decision::Mask;
    case guard::Action::Flag:
      return guard::Decision::Flag;
  }
  return guard::Decision::Flag;
}

void GuardRecord::found(Side side, guard::Stage stage, const guard::Finding& finding) {
  FindingKey key{finding.guardrail, finding.rule, finding.type, stage, finding.action, finding.enforced};
  FindingTally& tally = (side == Side::Request ? request_ : answer_)[std::move(key)];
  ++tally.count;
  tally.confidence = std::max(tally.confidence, finding.confidence);
}

void GuardRecord::decided(Side side, guard::Stage stage, guard::Decision decision,
                          const std::string& guardrail, const std::string& rule) {
  endings_.push_back({side, stage, decision, guardrail, rule});
}

void GuardRecord::merge(const GuardRecord& other) {
  add(request_, other.request_);
  add(answer_, other.answer_);
  endings_.insert(endings_.end(), other.endings_.begin(), other.endings_.end());
  looked_at_.insert(other.looked_at_.begin(), other.looked_at_.end());
  for (const auto& [stage, count] : other.changed_) changed_[stage] += count;
  not_scanned_.insert(not_scanned_.end(), other.not_scanned_.begin(), other.not_scanned_.end());
}

bool GuardRecord::flagged() const {
  return decision() != guard::Decision::Allow;
}

bool GuardRecord::has_pseudonyms() const {
  return std::any_of(request_.begin(), request_.end(), [](const auto& entry) {
    return entry.first.enforced && entry.first.action == guard::Action::Pseudonymise;
  });
}

guard::Decision GuardRecord::decision() const {
  guard::Decision strictest = guard::Decision::Allow;
  for (const auto* side : {&request_, &answer_})
    for (const auto& [key, tally] : *side)
      if (key.enforced) strictest = std::max(strictest, decision_of(key.action));
  for (const Ending& ending : endings_) strictest = std::max(strictest, ending.decision);
  return strictest;
}

Json GuardRecord::side_verdict(Side side) const {
  Json categories = Json::object(), scores = Json::object(), kinds = Json::object();
  guard::Decision strictest = guard::Decision::Allow;
  const auto flag = [&](const std::string& guardrail, const std::string& rule, double score,
                        guard::Decision decision) {
    const std::string category = guardrail + "/" + rule;
    categories[category] = true;
    scores[category] = std::max(score, scores.value(category, 0.0));
    kinds[category] = Json::array({"text"});
    strictest = std::max(strictest, decision);
  };
  for (const auto& [key, tally] : tallies(side))
    if (key.enforced) flag(key.guardrail, key.rule, tally.confidence, decision_of(key.action));
  for (const Ending& ending : endings_)
    if (ending.side == side) flag(ending.guardrail, ending.rule, 0, ending.decision);
  Json result = Json::object();
  result["flagged"] = !categories.empty();
  result["categories"] = std::move(categories);
  result["category_scores"] = std::move(scores);
  result["category_applied_input_types"] = std::move(kinds);
  result["decision"] = std::string(guard::to_string(strictest));
  result["type"] = "moderation_result";
  result["model"] = kModel;
  Json verdict = Json::object();
  verdict["type"] = "moderation_results";
  verdict["model"] = kModel;
  verdict["results"] = Json::array();
  if (looked_at_.contains(side)) verdict["results"].push_back(std::move(result));
  return verdict;
}

Json GuardRecord::moderation() const {
  Json verdicts = Json::object();
  verdicts["input"] = side_verdict(Side::Request);
  verdicts["output"] = side_verdict(Side::Answer);
  return verdicts;
}

std::string GuardRecord::header(const std::vector<std::string>& guardrails) const {
  std::string text;
  for (const std::string& name : guardrails) {
    guard::Decision strictest = guard::Decision::Allow;
    for (const auto* side : {&request_, &answer_})
      for (const auto& [key, tally] : *side)
        if (key.enforced && key.guardrail == name) strictest = std::max(strictest, decision_of(key.action));
    for (const Ending& ending : endings_)
      if (ending.guardrail == name) strictest = std::max(strictest, ending.decision);
    text += (text.empty() ? "" : ", ") + name + "=" + std::string(guard::to_string(strictest));
  }
  return text;
}

Json GuardRecord::findings() const {
  Json list = Json::array();
  for (const Side side : {Side::Request, Side::Answer})
    for (const auto& [key, tally] : tallies(side)) {
      Json entry = Json::object();
      entry["guardrail"] = key.guardrail;
      entry["rule"] = key.rule;
      entry["type"] = key.type;
      entry["of"] = side == Side::Request ? "request" : "answer";
      entry["stage"] = std::string(api::to_string(key.stage));
      entry["action"] = std::string(api::to_string(key.action));
      entry["enforced"] = key.enforced;
      entry["count"] = tally.count;
      entry["confidence"] = tally.confidence;
      list.push_back(std::move(entry));
    }
  return list;
}

}  // namespace llmops::gateway
