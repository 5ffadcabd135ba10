#include "webhooks/rules/command.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "crds/base/text.hpp"

namespace llmops::rules {
namespace {

constexpr std::size_t kMaxIdBytes = 256;
constexpr std::size_t kMaxByBytes = 128;
constexpr std::array<std::pair<Verb, std::string_view>, 7> kVerbs{{{Verb::Promote, "promote"},
                                                                   {Verb::PromoteFull, "promote-full"},
                                                                   {Verb::Abort, "abort"},
                                                                   {Verb::Retry, "retry"},
                                                                   {Verb::Pause, "pause"},
                                                                   {Verb::Resume, "resume"},
                                                                   {Verb::Rollback, "rollback"}}};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t begin = text.find_first_not_of(" \t\n");
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" \t\n", begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    text.remove_prefix(end);
  }
  return words;
}

Result<std::int64_t> number_of(std::string_view key, std::string_view value) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (code != std::errc{} || end != value.data() + value.size() || number < 0)
    return Error{ErrorCode::InvalidArgument, std::string(key) + ": found \"" + clip(value, 32) +
                                                 "\", allowed a whole number that is not negative"};
  return number;
}

}  // namespace

std::string_view to_string(Verb verb) {
  for (const auto& [which, name] : kVerbs)
    if (which == verb) return name;
  return "";
}

std::string command_id(std::string_view text) {
  for (const auto word : words_of(text))
    if (word.starts_with("id=") && word.size() > 3) return clip(word.substr(3), kMaxIdBytes);
  return clip(text, kMaxIdBytes);
}

Result<Command> parse_command(std::string_view text) {
  const auto words = words_of(text);
  Command command;
  command.id = command_id(text);
  command.by = "a person";
  bool known = false;
  for (const auto& [verb, name] : kVerbs) {
    if (words.empty() || words.front() != name) continue;
    command.verb = verb;
    known = true;
  }
  if (!known)
    return Error{ErrorCode::InvalidArgument,
                 "found the verb \"" + (words.empty() ? std::string() : clip(words.front(), 32)) +
                     "\", allowed promote, promote-full, abort, retry, pause, resume and rollback"};
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    const std::string_view key = words[i].substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : words[i].substr(equals + 1);
    if (key == "id") continue;
    if (key == "by") {
      if (!value.empty()) command.by = clip(value, kMaxByBytes);
      continue;
    }
    std::optional<std::int64_t>* number = key == "revision"                               ? &command.revision
                                          : key == "step"                                 ? &command.step
                                          : key == "to" && command.verb == Verb::Rollback ? &command.to
                                                                                          : nullptr;
    if (!number)
      return Error{
          ErrorCode::InvalidArgument,
          "found \"" + clip(words[i], 32) + "\", allowed revision=, step=, id=, by= and, with rollback, to="};
    auto parsed = number_of(key, value);
    if (!parsed.ok()) return parsed.error();
    *number = *parsed;
  }
  return command;
}

std::string stale(const Command& command, const api::ModelDeploymentStatus& status,
                  const std::optional<api::RevisionStatus>& desired) {
  if (command.revision) {
    std::vector<std::int64_t> current;
    if (status.candidate) current.push_back(status.candidate->revision);
    if (!status.run && status.stable) current.push_back(status.stable->revision);
    if (!status.run && desired) current.push_back(desired->revision);
    if (std::find(current.begin(), current.end(), *command.revision) == current.end())
      return "revision " + std::to_string(*command.revision) + " is no longer current" +
             (current.empty() ? std::string() : ": revision " + std::to_string(current.front()) + " is");
  }
  if (command.step && (!status.run || status.run->current_step_index != *command.step))
    return "step " + std::to_string(*command.step) + " is no longer current: " +
           (status.run ? "step " + std::to_string(status.run->current_step_index) + " is"
                       : "no release is on");
  return "";
}

}  // namespace llmops::rules
