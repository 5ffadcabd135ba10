#include "gateway/server/answer_head.hpp"

#include "gateway/server/chunk_fields.hpp"
#include "gateway/server/json_walker.hpp"

namespace llmops::gateway {
namespace {

constexpr std::string_view kFiltered = "content_filter";

template <class Visit>
void for_each_member(std::string_view object, Visit visit) {
  JsonWalker walker(object);
  if (!walker.accept('{')) return;
  do {
    const std::string_view name = walker.string();
    if (name.empty() || !walker.accept(':')) return;
    const std::string_view value = walker.value();
    if (value.empty()) return;
    visit(name, value);
  } while (walker.accept(','));
}

bool is_said(std::string_view literal) {
  return literal.size() > 2 && literal.front() == '"';
}

}  // namespace

void AnswerHead::read_chunk(std::string_view choices) {
  // A text may contain the word too; only then is it looked at more closely.
  if (text_.size() >= kMaxBytes && choices.find(kFiltered) == std::string_view::npos) return;
  JsonWalker walker(choices);
  if (!walker.accept('[')) return;
  do {
    const std::string_view choice = walker.value();
    if (choice.empty()) return;
    read_choice(choice);
  } while (walker.accept(','));
}

void AnswerHead::read_choice(std::string_view choice) {
  bool first = true;
  for_each_member(choice, [&](std::string_view name, std::string_view value) {
    if (name == "\"index\"" && value != "0") first = false;
  });
  if (!first) return;
  for_each_member(choice, [&](std::string_view name, std::string_view value) {
    if (name == "\"delta\"" || name == "\"message\"") read_message(value);
    if (name == "\"text\"") append(value);
    if (name == "\"finish_reason\"" && value == "\"content_filter\"") refusal_ = true;
  });
}

void AnswerHead::read_message(std::string_view message) {
  for_each_member(message, [&](std::string_view name, std::string_view value) {
    if (name == "\"content\"") append(value);
    if (name == "\"refusal\"" && is_said(value)) refusal_ = true;
    if ((name == "\"tool_calls\"" && value.size() > 2 && value.front() == '[') ||
        (name == "\"function_call\"" && value.front() == '{'))
      calls_tools_ = true;
  });
}

void AnswerHead::append(std::string_view literal) {
  if (!is_said(literal) || text_.size() >= kMaxBytes) return;
  const auto said = decode_json_string(literal);
  if (said.ok()) text_.append(*said, 0, kMaxBytes - text_.size());
}

void AnswerHead::read_choices(const Json& choices) {
  if (!choices.is_array() || choices.empty() || !choices[0].is_object()) return;
  const Json& choice = choices[0];
  const Json message = choice.value("message", Json::object());
  text_ = string_at(choice, "text", string_at(message, "content")).substr(0, kMaxBytes);
  refusal_ = !string_at(message, "refusal").empty() || string_at(choice, "finish_reason") == kFiltered;
  calls_tools_ = (message.contains("tool_calls") && !message["tool_calls"].empty()) ||
                 (message.contains("function_call") && message["function_call"].is_object());
}

bool AnswerHead::refuses(const guard::RefusalRules& rules) const {
  if (refusal_) return true;
  return !calls_tools_ && rules.refuses(text_);
}

}  // namespace llmops::gateway
