#include "e2e/fault_engine/answers.hpp"

#include <algorithm>

#include "crds/base/json.hpp"

namespace llmops::fault_engine {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

// U+AC00 and above, the Hangul syllables, by their first two bytes in UTF-8; only rare Jamo follow them below
// U+E000.
bool has_hangul(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]), next = static_cast<unsigned char>(text[i + 1]);
    if ((lead == 0xEA && next >= 0xB0) || (lead >= 0xEB && lead <= 0xED)) return true;
  }
  return false;
}

}  // namespace

Result<Answers> Answers::parse(std::string_view json_lines) {
  Answers answers;
  for (std::size_t number = 1; !json_lines.empty(); ++number) {
    const std::string_view line = json_lines.substr(0, json_lines.find('\n'));
    json_lines.remove_prefix(std::min(line.size() + 1, json_lines.size()));
    if (trimmed(line).empty()) continue;
    const auto item = parse_json(line);
    const std::string where = "line " + std::to_string(number);
    if (!item.ok()) return with_context(item.error(), where);
    const std::string question = string_at(*item, "input"), answer = string_at(*item, "reference");
    if (question.empty() || answer.empty())
      return Error{ErrorCode::InvalidArgument,
                   where + ": found " + describe(*item) + ", allowed an object with input and reference"};
    answers.by_question_.insert_or_assign(std::string(trimmed(question)), answer);
  }
  return answers;
}

const std::string* Answers::find(std::string_view question) const {
  const auto found = by_question_.find(trimmed(question));
  return found == by_question_.end() ? nullptr : &found->second;
}

std::string_view refusal_to(std::string_view question) {
  return has_hangul(question) ? "죄송하지만 그 요청은 도와드릴 수 없습니다."
                              : "I'm sorry, but I can't help with that request.";
}

std::vector<std::string> pieces_of(std::string_view text) {
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t word = std::min(text.find_first_not_of(kWhiteSpace, at), text.size());
    const std::size_t end = std::min(text.find_first_of(kWhiteSpace, word), text.size());
    pieces.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return pieces;
}

std::vector<std::string> pieces_of_length(std::string_view text, std::size_t words) {
  const std::vector<std::string> once = pieces_of(trimmed(text));
  std::vector<std::string> pieces;
  for (std::size_t i = 0; i < words && !once.empty(); ++i) {
    const std::string& piece = once[i % once.size()];
    pieces.push_back(i > 0 && i % once.size() == 0 ? " " + piece : piece);
  }
  return pieces;
}

}  // namespace llmops::fault_engine
