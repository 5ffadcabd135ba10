#include "gateway/guard/engine/detector_gate.hpp"

#include <algorithm>
#include <array>

namespace llmops::guard {
namespace {

constexpr std::size_t kLongestWindow = 2048;

bool is_white(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

// Bytes of the sentence mark that ends at `end`, 0 for none.
bool ends_with_mark(std::string_view text) {
  static constexpr std::array<std::string_view, 7> kMarks{".", "!", "?", "。", "！", "？", "…"};
  return std::any_of(kMarks.begin(), kMarks.end(),
                     [&](std::string_view mark) { return text.ends_with(mark); });
}

}  // namespace

std::size_t end_of_sentences(std::string_view text, std::size_t longest) {
  text = text.substr(0, longest);
  for (std::size_t end = text.size(); end > 0; --end) {
    if (text[end - 1] == '\n') return end;
    if (is_white(text[end - 1]) && ends_with_mark(text.substr(0, end - 1))) return end;
  }
  if (text.size() < longest) return 0;
  for (std::size_t end = text.size(); end > 0; --end)
    if (is_white(text[end - 1])) return end;
  std::size_t end = text.size();
  while (end > 1 && (static_cast<unsigned char>(text[end - 1]) & 0xC0) == 0x80) --end;
  return end > 1 ? end - 1 : text.size();
}

DetectorGate::DetectorGate(const std::vector<PlannedRule>& detectors, std::vector<ScanRecord>& scanned,
                           Verdicts& verdicts)
    : scanned_(scanned), verdicts_(verdicts) {
  for (const PlannedRule& planned : detectors) {
    detectors_.push_back({planned});
    holds_ = holds_ || planned.compiled->changes_texts();
  }
}

void DetectorGate::feed(std::string_view text, std::size_t given, std::string& out) {
  if (!holds_) out += text;
  if (detectors_.empty() || text.empty()) return;
  waiting_ += text;
  text_end_ += text.size();
  marks_.push_back({text_end_, given});
}

void DetectorGate::finish(std::string& out) {
  complete_ = true;
  collect(out);
}

void DetectorGate::collect(std::string& out) {
  if (holds_ && !verdicts_.ended()) out += let_go_;
  let_go_.clear();
}

std::string_view DetectorGate::window() {
  if (verdicts_.ended() || detectors_.empty()) return {};
  if (window_ == 0) {
    window_ = end_of_sentences(waiting_, kLongestWindow);
    if (window_ == 0 && complete_) window_ = std::min(waiting_.size(), kLongestWindow);
  }
  return std::string_view(waiting_).substr(0, window_);
}

void DetectorGate::detected(std::string_view guardrail, std::string_view rule, std::optional<bool> found) {
  if (window_ == 0) return;
  const std::size_t text_begin = text_end_ - waiting_.size();
  for (Detector& detector : detectors_) {
    const CompiledRule& compiled = *detector.planned.compiled;
    if (detector.answered || compiled.guardrail != guardrail || compiled.settings.name != rule) continue;
    detector.answered = true;
    ScanRecord& record = scanned_[detector.planned.record];
    if (found)
      record.bytes += window_;
    else
      record.failed = true;
    if (!found.value_or(compiled.fails_closed())) continue;
    Finding finding;
    finding.guardrail = compiled.guardrail;
    finding.rule = compiled.settings.name;
    finding.type = type_of(compiled, {});
    finding.begin = window_given_;
    const auto mark = std::find_if(marks_.begin(), marks_.end(),
                                   [&](const Mark& entry) { return entry.text >= text_begin + window_; });
    finding.end = mark == marks_.end() ? window_given_ : mark->given;
    finding.action = compiled.settings.action;
    finding.enforced = compiled.enforced;
    ++record.findings;
    verdicts_.add(compiled, std::move(finding));
  }
  if (std::all_of(detectors_.begin(), detectors_.end(), [](const Detector& entry) { return entry.answered; }))
    close_window();
}

void DetectorGate::close_window() {
  const std::size_t end = text_end_ - waiting_.size() + window_;
  std::size_t passed = 0;
  while (passed < marks_.size() && marks_[passed].text <= end) ++passed;
  if (passed > 0) window_given_ = marks_[passed - 1].given;
  marks_.erase(marks_.begin(), marks_.begin() + static_cast<std::ptrdiff_t>(passed));
  if (holds_) let_go_ += waiting_.substr(0, window_);
  waiting_.erase(0, window_);
  window_ = 0;
  for (Detector& detector : detectors_) detector.answered = false;
}

}  // namespace llmops::guard
