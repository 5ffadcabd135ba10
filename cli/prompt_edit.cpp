#include "cli/prompt_edit.hpp"

#include <optional>
#include <vector>

#include "cli/yaml.hpp"
#include "crds/base/json.hpp"

namespace llmops::cli {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.';
}

// Puts `to` in the place of one `from` that stands behind `key:` as a whole word, such that the documents
// become `wanted`.
std::optional<std::string> replaced(const std::string& text, const std::string& key, const std::string& from,
                                    const std::string& to, const std::vector<Json>& wanted) {
  const std::string begin = key + ":";
  for (std::size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, at + 1)) {
    std::size_t value = at + begin.size();
    while (value < text.size() && (text[value] == ' ' || text[value] == '"' || text[value] == '\'')) ++value;
    const std::size_t end = value + from.size();
    if (text.compare(value, from.size(), from) != 0 || (end < text.size() && is_word(text[end]))) continue;
    std::string edited = text.substr(0, value) + to + text.substr(end);
    const auto documents = parse_yaml(edited);
    if (documents.ok() && *documents == wanted) return edited;
  }
  return std::nullopt;
}

// The line that begins with `key:`; its line break belongs to it.
struct LineAt {
  std::size_t begin, end;
  std::string indent;
};
std::optional<LineAt> line_with(const std::string& text, const std::string& key) {
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find('\n', begin);
    end = end == std::string::npos ? text.size() : end + 1;
    const std::size_t word = text.find_first_not_of(' ', begin);
    if (word != std::string::npos && text.compare(word, key.size() + 1, key + ":") == 0)
      return LineAt{begin, end, text.substr(begin, word - begin)};
    begin = end;
  }
  return std::nullopt;
}

Error by_hand(const std::string& what) {
  return {ErrorCode::InvalidArgument, what + " stands where it cannot be edited safely; change it by hand"};
}

Result<std::string> with_message(const std::string& text, const std::string& message,
                                 std::vector<Json> wanted) {
  Json& spec = wanted.front()["spec"];
  const bool present = spec.contains("commitMessage");
  if (!present && message.empty()) return text;
  spec.erase("commitMessage");
  if (!message.empty()) spec["commitMessage"] = message;
  const auto line = line_with(text, present ? "commitMessage" : "version");
  if (!line) return by_hand("commitMessage");
  const std::string written =
      message.empty() ? "" : line->indent + "commitMessage: " + dump_json(Json(message)) + "\n";
  std::string edited = text.substr(0, present ? line->begin : line->end) + written + text.substr(line->end);
  const auto documents = parse_yaml(edited);
  if (!documents.ok() || *documents != wanted) return by_hand("commitMessage");
  return edited;
}

}  // namespace

std::string next_name(const std::string& name, std::int64_t version) {
  const std::string tail = "-v" + std::to_string(version);
  return (name.ends_with(tail) ? name.substr(0, name.size() - tail.size()) : name) + "-v" +
         std::to_string(version + 1);
}

Result<NextPrompt> next_prompt(const std::string& manifest, const std::string& message) {
  auto documents = parse_yaml(manifest);
  if (!documents) return documents.error();
  if (documents->size() != 1 || string_at(documents->front(), "kind") != "PromptVersion")
    return Error{ErrorCode::InvalidArgument, "found " + std::to_string(documents->size()) +
                                                 " objects, allowed one PromptVersion in its own file"};
  std::vector<Json> wanted = *documents;
  const std::string name = string_at(wanted.front(), "metadata.name");
  const std::int64_t version = integer_at(wanted.front(), "spec.version");
  if (name.empty() || version < 1)
    return Error{ErrorCode::InvalidArgument, "allowed a PromptVersion with metadata.name and spec.version"};
  NextPrompt next{next_name(name, version), version + 1, {}};
  wanted.front()["metadata"]["name"] = next.name;
  const auto renamed = replaced(manifest, "name", name, next.name, wanted);
  if (!renamed) return by_hand("metadata.name");
  wanted.front()["spec"]["version"] = next.version;
  const auto counted =
      replaced(*renamed, "version", std::to_string(version), std::to_string(next.version), wanted);
  if (!counted) return by_hand("spec.version");
  auto told = with_message(*counted, message, wanted);
  if (!told.ok()) return told.error();
  next.text = std::move(*told);
  return next;
}

Result<std::string> with_reference(const std::string& manifest, const std::string& before,
                                   const std::string& after) {
  auto documents = parse_yaml(manifest);
  if (!documents) return documents.error();
  std::vector<Json> wanted = *documents;
  std::string text = manifest;
  bool found = false;
  for (Json& object : wanted) {
    if (string_at(object, "kind") != "ModelDeployment" || string_at(object, "spec.promptRef.name") != before)
      continue;
    found = true;
    object["spec"]["promptRef"]["name"] = after;
    auto edited = replaced(text, "name", before, after, wanted);
    if (!edited) return by_hand("spec.promptRef.name");
    text = std::move(*edited);
  }
  if (!found) return Error{ErrorCode::NotFound, "no ModelDeployment here refers to " + before};
  return text;
}

}  // namespace llmops::cli
