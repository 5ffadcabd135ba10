#include "gateway/guard/stream/hold_back.hpp"

#include <algorithm>
#include <limits>

namespace llmops::guard {
namespace {

constexpr std::size_t kSliceBytes = 8192;  // long pieces in slices: memory follows the slice, not the piece

}  // namespace

HoldBack::HoldBack(const std::vector<StreamRule>& rules, HoldBackClient& client, Escapes escapes,
                   const HoldBackLimits& limits)
    : client_(client),
      limits_(limits),
      text_(escapes),
      last_begin_(rules.size(), 0),
      last_end_(rules.size(), 0),
      scanned_(rules.size(), 0) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    head_bytes_.push_back(rules[i].head_bytes);
    holding_ = holding_ || rules[i].holds;
    if (rules[i].spans != nullptr) searches_.emplace_back(i, *rules[i].spans, rules[i].holds);
    if (rules[i].whole != nullptr) judgements_.emplace_back(i, *rules[i].whole, rules[i].holds);
  }
}

void HoldBack::feed(std::string_view piece, std::string& out) {
  while (!ended_ && !piece.empty()) {
    const std::string_view slice = piece.substr(0, kSliceBytes);
    feed_slice(slice, out);
    piece.remove_prefix(slice.size());
  }
}

void HoldBack::feed_slice(std::string_view slice, std::string& out) {
  given_bytes_ += slice.size();
  if (!holding_) client_.passed(slice, out);
  for (WholeJudgement& judgement : judgements_) judgement.give(slice);
  text_.feed(slice);
  advance(false, out);
}

void HoldBack::finish(std::string& out) {
  if (ended_) return;
  text_.finish();
  advance(true, out);
}

std::size_t HoldBack::held_bytes() const {
  return holding_ && !ended_ ? text_.given_size() - passed_ + text_.unread_bytes() : 0;
}

void HoldBack::advance(bool complete, std::string& out) {
  search(complete);
  if (!ended_) judge(complete);
  if (!ended_) settle(complete, out);
  forget();
}

// Behind the last code point of which the first byte belongs to the head.
std::size_t HoldBack::end_of_head(const Span& span, std::size_t head_bytes) const {
  std::size_t end = span.begin + head_bytes;
  if (end >= span.end) return span.end;
  const std::string_view text = text_.text();
  while (end < span.end && (static_cast<unsigned char>(text[end - text_.text_begin()]) & 0xC0) == 0x80) ++end;
  return end;
}

void HoldBack::tell(const SpanSearch& search, const Span& span) {
  const std::size_t rule = search.index();
  const std::size_t kept_end = text_.given_end(span.end);
  if (span.continued) {
    if (search.holds()) swallowed_.add(last_end_[rule], kept_end);
    last_end_[rule] = kept_end;
    const std::size_t end = text_.original_end(kept_end);
    if (!hits_.extend(rule, last_begin_[rule], end)) client_.extended(rule, last_begin_[rule], end);
    return;
  }
  Hit hit;
  hit.rule = rule;
  hit.entity = span.entity;
  hit.confidence = span.confidence;
  hit.kept_begin = text_.given_begin(span.begin);
  hit.kept_end = text_.given_end(end_of_head(span, head_bytes_[rule]));
  hit.begin = text_.original_begin(hit.kept_begin);
  hit.end = text_.original_end(kept_end);
  last_begin_[rule] = hit.begin;
  last_end_[rule] = kept_end;
  if (!search.holds()) {
    client_.noted(hit);
    return;
  }
  hits_.add(hit);
  swallowed_.add(hit.kept_end, kept_end);
}

void HoldBack::search(bool complete) {
  for (SpanSearch& search : searches_) {
    if (search.gave_up()) continue;
    search.search(text_.text(), text_.text_begin(), complete, found_);
    scanned_[search.index()] = text_.original_end(text_.settled());
    for (const Span& span : found_) tell(search, span);
    if (text_.text_end() - search.decided() <= limits_.undecided_bytes) continue;
    const bool goes_on = client_.gave_up(search.index());
    search.give_up();
    if (search.holds() && !goes_on) {
      ended_ = true;
      return;
    }
  }
}

void HoldBack::judge(bool complete) {
  for (WholeJudgement& judgement : judgements_) {
    const bool told = judgement.violated() && judgement.holds();  // settle() ends the text
    if (told || judgement.waived()) continue;
    judgement.judge(text_.text(), text_.text_begin(), complete, limits_.unjudged_bytes);
    scanned_[judgement.index()] = text_.original_end(text_.settled());
    if (!judgement.violated() || judgement.holds()) continue;
    client_.violated(judgement.index(), text_.original_begin(text_.given_begin(judgement.fine())));
    judgement.waive();
  }
}

void HoldBack::pass(std::size_t until, std::string& out) {
  while (passed_ < until) {
    std::size_t end = until;
    const bool swallowed = swallowed_.covers(passed_, end);
    end = std::min(end, until);
    if (holding_ && !swallowed) client_.passed(text_.given(passed_, end), out);
    passed_ = end;
  }
}

// Lets out what every rule has decided; clusters wait until nothing unknown can overlap them.
void HoldBack::settle(bool complete, std::string& out) {
  for (;;) {
    std::size_t decided = text_.text_end(), fine = text_.text_end();
    for (const SpanSearch& search : searches_)
      if (search.holds()) decided = std::min(decided, search.decided());
    for (const WholeJudgement& judgement : judgements_)
      if (judgement.holds()) fine = std::min(fine, judgement.fine());
    // Hits that are not known begin at `decided` or later; invisible characters behind an open one may be
    // its.
    std::size_t horizon = std::min(text_.given_begin(decided), text_.given_begin(fine));
    for (const SpanSearch& search : searches_)
      if (search.holds() && search.open()) horizon = std::min(horizon, last_end_[search.index()]);
    while (!hits_.empty()) {
      const HitCluster bounds = hits_.first_cluster(limits_.cluster_bytes);
      if (bounds.end > horizon) {
        pass(std::min(bounds.begin, horizon), out);
        break;
      }
      pass(bounds.begin, out);
      Cluster cluster;
      cluster.begin = text_.original_begin(bounds.begin);
      cluster.end = text_.original_end(bounds.end);
      cluster.given = text_.given(bounds.begin, bounds.end);
      cluster.hits = hits_.take(bounds);
      ended_ = !client_.replaced(cluster, out);
      passed_ = bounds.end;
      if (ended_) return;
    }
    if (hits_.empty()) pass(horizon, out);
    // A violation ends the text once all before it has been settled.
    if (fine == text_.text_end() && !complete) return;
    if (decided < fine) return;
    const auto judgement =
        std::find_if(judgements_.begin(), judgements_.end(), [&](const WholeJudgement& candidate) {
          return candidate.holds() && candidate.violated() && !candidate.waived() && candidate.fine() <= fine;
        });
    if (judgement == judgements_.end()) return;
    ended_ =
        !client_.violated(judgement->index(), text_.original_begin(text_.given_begin(judgement->fine())));
    if (ended_) return;
    judgement->waive();
  }
}

void HoldBack::forget() {
  std::size_t text = text_.text_end();
  for (const SpanSearch& search : searches_) text = std::min(text, search.keep_from());
  for (const WholeJudgement& judgement : judgements_)
    if (!judgement.waived()) text = std::min(text, judgement.fine());
  swallowed_.forget(passed_);
  text_.forget_text(text);
  text_.forget_given(holding_ ? passed_ : text_.settled());
}

}  // namespace llmops::guard
