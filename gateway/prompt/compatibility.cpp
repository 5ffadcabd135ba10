#include "gateway/prompt/compatibility.hpp"

#include <algorithm>
#include <set>

#include "crds/base/defaults.hpp"
#include "crds/base/json.hpp"
#include "gateway/prompt/prompt.hpp"
#include "gateway/prompt/template_text.hpp"

namespace llmops::gateway {
namespace {

class Problems {
 public:
  void error(std::string message) { list_.push_back({PromptProblem::Severity::Error, std::move(message)}); }
  void warning(std::string message) {
    list_.push_back({PromptProblem::Severity::Warning, std::move(message)});
  }
  std::vector<PromptProblem> take() { return std::move(list_); }

 private:
  std::vector<PromptProblem> list_;
};

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

void check_text(const api::PromptContent& content, const FieldPath& path, const std::string& text,
                std::set<std::string>& used, Problems& problems) {
  if (is_blank(text)) {
    problems.error(path.to_string() + ": found an empty message, allowed some text");
    return;
  }
  auto segments = parse_template(text);
  if (!segments.ok()) {
    problems.error(path.to_string() + ": " + segments.error().message);
    return;
  }
  for (const TemplateSegment& segment : *segments) {
    if (segment.variable.empty() || !used.insert(segment.variable).second) continue;
    if (!content.variables.contains(segment.variable))
      problems.error(path.to_string() + ": byte " + std::to_string(segment.byte) + ": variable \"" +
                     segment.variable + "\" is not declared under variables");
  }
}

void check_variables(const api::PromptContent& content, const std::set<std::string>& used,
                     Problems& problems) {
  for (const auto& [name, variable] : content.variables) {
    const std::string path = "variables." + name.substr(0, 80);
    if (!is_variable_name(name))
      problems.error(
          path + ": found a name that no {{name}} can hold, allowed a letter or _, then letters, digits, _");
    const auto bound = static_cast<std::size_t>(variable.max_bytes.value_or(defaults::kVariableMaxBytes));
    if (variable.default_ && variable.default_->size() > bound)
      problems.error(path + ".default: found " + std::to_string(variable.default_->size()) +
                     " bytes, allowed at most " + std::to_string(bound) + " (maxBytes)");
    if (!used.contains(name)) problems.warning(path + ": declared, but no message uses it");
  }
}

}  // namespace

std::vector<PromptProblem> prompt_compatible(const api::PromptContent& content) {
  Problems problems;
  const FieldPath root;
  const FieldPath list = root.member("messages");
  if (content.messages.empty()) problems.error("messages: found an empty list, allowed at least one message");
  std::set<std::string> used;
  std::size_t conversations = 0;
  for (std::size_t i = 0; i < content.messages.size(); ++i) {
    const api::PromptMessage& message = content.messages[i];
    const FieldPath path = list.index(i);
    const bool text = message.role && message.content;
    if (message.conversation ? (message.role || message.content) : !text) {
      problems.error(path.to_string() + ": allowed either role with content, or conversation: {}");
    } else if (message.conversation) {
      if (++conversations > 1)
        problems.error(path.to_string() + ": found a second conversation item, allowed one");
    } else {
      check_text(content, path.member("content"), *message.content, used, problems);
    }
  }
  check_variables(content, used, problems);
  return problems.take();
}

std::vector<std::string> newly_required_variables(const api::PromptContent* stable,
                                                  const api::PromptContent& candidate) {
  std::vector<std::string> names;
  for (const auto& [name, variable] : candidate.variables) {
    if (variable.default_) continue;
    if (stable) {
      const auto before = stable->variables.find(name);
      if (before != stable->variables.end() && !before->second.default_) continue;
    }
    names.push_back(name);
  }
  return names;
}

}  // namespace llmops::gateway
