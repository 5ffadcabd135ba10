#include "gateway/guard/stream/whole_judgement.hpp"

#include <limits>

namespace llmops::guard {
namespace {

std::size_t character_bytes(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
  return size;
}

}  // namespace

void WholeJudgement::judge(std::string_view text, std::size_t begin, bool complete, std::size_t limit) {
  const std::size_t end = begin + text.size();
  while (!violated_ && !waived_ && fed_ < end) {
    const std::string_view rest = text.substr(fed_ - begin);
    const std::string_view character = rest.substr(0, character_bytes(rest));
    fed_ += character.size();
    const TextRule::Verdict verdict = session_->feed(character, false);
    if (verdict == TextRule::Verdict::Fine) fine_ = fed_;
    violated_ = verdict == TextRule::Verdict::Violated || fed_ - fine_ > limit;
  }
  if (!complete || violated_ || waived_ || complete_) return;
  complete_ = true;
  if (session_->feed({}, true) == TextRule::Verdict::Fine)
    fine_ = end;
  else
    violated_ = true;
}

void WholeJudgement::waive() {
  waived_ = true;
  fine_ = std::numeric_limits<std::size_t>::max();
}

}  // namespace llmops::guard
