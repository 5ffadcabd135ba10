// What the engine says: right answers from a table, one text for everything else, and refusals.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"

namespace llmops::fault_engine {

// Question → right answer, from a golden set.
class Answers {
 public:
  // JSON Lines, each with the texts `input` and `reference`; other members are passed over. Errors:
  // InvalidArgument with the number of the line.
  static Result<Answers> parse(std::string_view json_lines);
  // Null when the question, without white space around it, is not in the table.
  const std::string* find(std::string_view question) const;
  std::size_t size() const { return by_question_.size(); }

 private:
  std::map<std::string, std::string, std::less<>> by_question_;
};

// In Korean when the question has a Korean letter, else in English; evaluator/scorers/refusal.hpp sees both.
std::string_view refusal_to(std::string_view question);

// One piece a word, with the white space before it, so that they make up the text again.
std::vector<std::string> pieces_of(std::string_view text);

// So many words, of the text over and over again. Empty when it has no word.
std::vector<std::string> pieces_of_length(std::string_view text, std::size_t words);

}  // namespace llmops::fault_engine
