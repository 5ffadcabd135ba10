#include "gateway/guard/engine/enforcer.hpp"

#include <algorithm>
#include <tuple>

namespace llmops::guard {
namespace {

int strictness(Action action) {
  switch (action) {
    case Action::Flag:
      return 0;
    case Action::Pseudonymise:
      return 1;
    case Action::Mask:
      return 2;
    case Action::Fallback:
      return 3;
    case Action::Block:
      return 4;
  }
  return 4;
}

Decision decision_of(Action action) {
  switch (action) {
    case Action::Flag:
      return Decision::Flag;
    case Action::Pseudonymise:
    case Action::Mask:
      return Decision::Mask;
    case Action::Fallback:
      return Decision::Fallback;
    case Action::Block:
      return Decision::Block;
  }
  return Decision::Block;
}

std::string mask(std::string_view type) {
  std::string text = "[";
  for (const char sign : type)
    text += sign >= 'a' && sign <= 'z' ? static_cast<char>(sign - 'a' + 'A') : sign;
  return text + "]";
}

}  // namespace

void Verdicts::add(const CompiledRule& compiled, Finding finding) {
  findings.push_back(std::move(finding));
  decide(compiled);
}

void Verdicts::decide(const CompiledRule& compiled) {
  if (!compiled.enforced) return;
  const Decision meant = decision_of(compiled.settings.action);
  if (meant <= decision) return;
  decision = meant;
  if (!ended()) return;
  guardrail = compiled.guardrail;
  rule = compiled.settings.name;
  fallback_message = compiled.settings.fallback_message.value_or("");
}

Finding Enforcer::finding_of(const Hit& hit) const {
  const CompiledRule& rule = *compiled(hit.rule);
  Finding finding;
  finding.guardrail = rule.guardrail;
  finding.rule = rule.settings.name;
  finding.type = type_of(rule, hit.entity);
  finding.begin = hit.begin;
  finding.end = hit.end;
  finding.confidence = hit.confidence;
  finding.action = rule.settings.action;
  finding.enforced = rule.enforced;
  return finding;
}

void Enforcer::passed(std::string_view given, std::string& out) {
  if (form_ == TextForm::Json) json_.follow(given);
  out += given;
}

void Enforcer::put(std::string_view text, std::string_view given, std::string& out) {
  if (form_ == TextForm::Plain) {
    out += text;
    return;
  }
  const bool begins_in_string = json_.in_string();
  json_.follow(given);
  out += json_replacement(text, begins_in_string, json_.in_string());
}

std::string Enforcer::given_back(std::string_view given) {
  const std::string* original =
      pseudonyms_.original(normalise(form_ == TextForm::Json ? json_unescaped(given) : std::string(given)));
  return original == nullptr ? std::string(given) : *original;
}

std::string Enforcer::replacement(const CompiledRule& rule, const Finding& finding, std::string_view given) {
  if (rule.settings.action != Action::Pseudonymise) return mask(finding.type);
  const std::string plain = form_ == TextForm::Json ? json_unescaped(given) : std::string(given);
  const bool comes_back = stage_ != Stage::Output && stage_ != Stage::Log;
  return pseudonyms_.stand_in(finding.type, normalise(plain), plain, comes_back);
}

// The hit lies inside a pseudonym: it is nothing real.
bool Enforcer::is_pseudonym(const Cluster& cluster, const Hit& hit) const {
  return std::any_of(cluster.hits.begin(), cluster.hits.end(), [&](const Hit& other) {
    return compiled(other.rule) == nullptr && other.begin <= hit.begin && hit.end <= other.end;
  });
}

bool Enforcer::replaced(const Cluster& cluster, std::string& out) {
  const Hit* strongest = nullptr;
  const auto rank = [&](const Hit& hit) {
    return std::tuple(strictness(compiled(hit.rule)->settings.action), hit.end - hit.begin);
  };
  for (const Hit& hit : cluster.hits) {
    if (is_pseudonym(cluster, hit)) continue;
    verdicts_.add(*compiled(hit.rule), finding_of(hit));
    ++scanned_[plan_.planned[hit.rule].record].findings;
    if (strongest == nullptr || rank(hit) > rank(*strongest)) strongest = &hit;
  }
  if (strongest == nullptr) {
    put(given_back(cluster.given), cluster.given, out);
    return true;
  }
  const CompiledRule& rule = *compiled(strongest->rule);
  if (rule.settings.action == Action::Block || rule.settings.action == Action::Fallback) return whole_;
  put(replacement(rule, finding_of(*strongest), cluster.given), cluster.given, out);
  return true;
}

void Enforcer::noted(const Hit& hit) {
  verdicts_.add(*compiled(hit.rule), finding_of(hit));
  ++scanned_[plan_.planned[hit.rule].record].findings;
}

void Enforcer::extended(std::size_t rule, std::size_t begin, std::size_t end) {
  if (compiled(rule) == nullptr) return;
  for (auto finding = verdicts_.findings.rbegin(); finding != verdicts_.findings.rend(); ++finding)
    if (finding->begin == begin && finding->rule == compiled(rule)->settings.name &&
        finding->guardrail == compiled(rule)->guardrail) {
      finding->end = end;
      return;
    }
}

bool Enforcer::violated(std::size_t rule, std::size_t begin) {
  const CompiledRule& judge = *compiled(rule);
  Hit hit;
  hit.rule = rule;
  hit.end = begin;
  const bool ends = judge.changes_texts() && !whole_;
  if (!ends) about_all_.push_back(verdicts_.findings.size());
  noted(hit);
  return !ends;
}

bool Enforcer::gave_up(std::size_t rule) {
  scanned_[plan_.planned[rule].record].failed = true;
  const CompiledRule* failed = compiled(rule);
  if (failed != nullptr && (!failed->changes_texts() || !failed->fails_closed())) return true;
  // Masks cannot be placed any more: what a closed rule could not look at does not leave.
  if (verdicts_.decision < Decision::Block) {
    verdicts_.decision = Decision::Block;
    verdicts_.guardrail = failed == nullptr ? "" : failed->guardrail;
    verdicts_.rule = failed == nullptr ? "" : failed->settings.name;
  }
  return whole_;
}

void Enforcer::complete(std::size_t bytes) {
  for (const std::size_t index : about_all_) verdicts_.findings[index].end = bytes;
  about_all_.clear();
  std::sort(verdicts_.findings.begin(), verdicts_.findings.end(),
            [](const Finding& one, const Finding& other) {
              return std::tie(one.begin, one.end, one.guardrail, one.rule, one.type) <
                     std::tie(other.begin, other.end, other.guardrail, other.rule, other.type);
            });
}

}  // namespace llmops::guard
