#include "gateway/guard/stream/whole_judgement.hpp"

#include <limits>

namespace llmops::guard {
void WholeJudgement::give(std::string_view piece) {
  if (!reads_given_ || violated_ || waived_) return;
  violated_ = session_->feed(piece, false) == TextRule::Verdict::Violated;
}

void WholeJudgement::judge(std::string_view text, std::size_t begin, bool complete, std::size_t limit) {
  const std::size_t end = begin + text.size();
  while (!reads_given_ && !violated_ && !waived_ && fed_ < end) {
    const TextRule::Session::Told told = session_->feed_characters(text.substr(fed_ - begin));
    if (told.fine > 0) fine_ = fed_ + told.fine;
    fed_ += told.taken;
    violated_ = told.verdict == TextRule::Verdict::Violated || fed_ - fine_ > limit;
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
