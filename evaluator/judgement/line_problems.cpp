#include "evaluator/judgement/line_problems.hpp"

namespace llmops::judgement {

void LineProblems::add(std::size_t line, std::string_view field, std::string_view problem) {
  ++count_;
  if (told_.size() >= kTold) return;
  std::string text = "line " + std::to_string(line) + ": ";
  if (!field.empty()) text += std::string(field) + ": ";
  told_.push_back(text + std::string(problem));
}

void LineProblems::add(std::size_t line, std::string_view field, std::string_view found,
                       std::string_view allowed) {
  add(line, field, "found " + std::string(found) + ", allowed " + std::string(allowed));
}

Error LineProblems::to_error(std::string_view what) const {
  std::string message =
      std::string(what) + ": " + std::to_string(count_) + (count_ == 1 ? " problem" : " problems");
  for (const std::string& problem : told_) message += "\n" + problem;
  if (count_ > told_.size()) message += "\nand " + std::to_string(count_ - told_.size()) + " more";
  return Error{ErrorCode::InvalidArgument, std::move(message)};
}

}  // namespace llmops::judgement
