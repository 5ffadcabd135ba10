// One text rule at work on a growing text.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "gateway/guard/rule.hpp"

namespace llmops::guard {

class WholeJudgement {
 public:
  WholeJudgement(std::size_t index, const TextRule& rule, bool holds)
      : index_(index), session_(rule.begin()), reads_given_(rule.reads_given()), holds_(holds) {}

  // The next piece of the text as it is given; before judge().
  void give(std::string_view piece);

  // `text`: normalised bytes from `begin` on. The rule is fed character by character, so that the places of
  // its verdicts do not depend on the cut. More than `limit` bytes without a verdict are a violation, and so
  // is a text that ends without one.
  void judge(std::string_view text, std::size_t begin, bool complete, std::size_t limit);

  std::size_t index() const { return index_; }
  bool holds() const { return holds_; }
  // All before may leave.
  std::size_t fine() const { return fine_; }
  bool violated() const { return violated_; }
  // The client did not want the text to end: it may leave, and the rule is not asked any more.
  void waive();
  bool waived() const { return waived_; }

 private:
  std::size_t index_;
  std::unique_ptr<TextRule::Session> session_;
  bool reads_given_;
  bool holds_;
  bool violated_ = false, waived_ = false, complete_ = false;
  std::size_t fine_ = 0;
  std::size_t fed_ = 0;
};

}  // namespace llmops::guard
