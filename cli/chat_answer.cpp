#include "cli/chat_answer.hpp"

#include <cstdlib>

#include "crds/base/json.hpp"
#include "crds/base/text.hpp"

namespace llmops::cli {

Result<std::string> answer_text(std::string_view body) {
  auto parsed = parse_json(body);
  const Json* content = parsed ? find_path(*parsed, "choices.0.message.content") : nullptr;
  if (!content || !content->is_string())
    return Error{ErrorCode::InvalidArgument, "the answer is no chat completion: " + clip(body, 200)};
  return content->get<std::string>();
}

std::string error_text(std::string_view body) {
  auto parsed = parse_json(body);
  const std::string message = parsed ? string_at(*parsed, "error.message") : "";
  return message.empty() ? clip(body, 200) : message;
}

std::string lineage(const Headers& headers) {
  const auto revision = headers.get("x-llmops-revision");
  if (revision.empty()) return {};
  return "revision " + std::string(revision) + " (" + std::string(headers.get("x-llmops-revision-hash")) +
         "), arm " + std::string(headers.get("x-llmops-arm")) + ", epoch " +
         std::string(headers.get("x-llmops-epoch"));
}

Json lineage_json(const Headers& headers) {
  Json made = Json::object();
  for (const char* field : {"revision", "epoch"})
    if (const auto text = headers.get(std::string("x-llmops-") + field); !text.empty())
      made[field] = std::strtoll(std::string(text).c_str(), nullptr, 10);
  if (const auto hash = headers.get("x-llmops-revision-hash"); !hash.empty()) made["hash"] = hash;
  if (const auto arm = headers.get("x-llmops-arm"); !arm.empty()) made["arm"] = arm;
  return made;
}

Result<std::string> AnswerStream::feed(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (c != '\n') {
      line_ += c;
      continue;
    }
    std::string line;
    line.swap(line_);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.starts_with("data:") || done_) continue;
    line.erase(0, line.starts_with("data: ") ? 6 : 5);
    if (line == "[DONE]") {
      done_ = true;
      continue;
    }
    auto event = parse_json(line);
    if (!event) return with_context(event.error(), "the answer's stream");
    if (event->contains("error")) return Error{ErrorCode::Internal, error_text(line)};
    text += string_at(*event, "choices.0.delta.content");
  }
  return text;
}

}  // namespace llmops::cli
