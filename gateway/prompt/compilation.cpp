#include "gateway/prompt/compilation.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace llmops::gateway {
namespace {

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

// Turns a content into a compiled prompt, part by part.
class Compiler {
 public:
  Compiler(const api::PromptContent& content, UnresolvedIncludes unresolved)
      : content_(content), unresolved_(unresolved) {}

  Compilation run() {
    made_.prompt.client_system = content_.client_system_messages.value_or(ClientSystemPolicy::Append);
    const auto of_variables = variables();
    includes();
    messages();
    few_shot();
    made_.errors.insert(made_.errors.end(), of_variables.begin(), of_variables.end());
    rest();
    return std::move(made_);
  }

 private:
  CompiledPrompt& prompt() { return made_.prompt; }
  void error(Error error) { made_.errors.push_back(std::move(error)); }
  void error(const std::string& path, const Error& error) {
    made_.errors.push_back({error.code, path + error.message});
  }
  void invalid(std::string message) { error(Error{ErrorCode::InvalidArgument, std::move(message)}); }

  // A variable that cannot be used still counts as declared.
  std::vector<Error> variables() {
    std::vector<Error> errors;
    for (const auto& [name, variable] : content_.variables) {
      const std::string path = "variables." + name.substr(0, 80);
      if (!is_variable_name(name))
        errors.push_back({ErrorCode::InvalidArgument,
                          path + ": found a name that no {{name}} can hold, allowed a letter or _, then "
                                 "letters, digits, _; at most 63"});
      auto compiled = compile_variable(variable);
      if (!compiled.ok()) errors.push_back({compiled.error().code, path + "." + compiled.error().message});
      prompt().variables.emplace(name, compiled.ok() ? std::move(*compiled) : CompiledVariable{});
    }
    return errors;
  }

  void includes() {
    for (std::size_t i = 0; i < content_.includes.size(); ++i) {
      const api::PromptInclude& include = content_.includes[i];
      if (!include.text && unresolved_ == UnresolvedIncludes::Refused)
        invalid("includes[" + std::to_string(i) +
                "].text: found nothing, allowed the text of PromptVersion " + include.name);
      resolved_ = resolved_ && include.text;
      includes_.emplace(include.name, include.text ? &*include.text : nullptr);
    }
  }

  void messages() {
    const FieldPath root;
    const FieldPath list = root.member("messages");
    if (content_.messages.empty()) error(field_error(list, "an empty list", "at least one message"));
    bool has_conversation = false;
    for (std::size_t i = 0; i < content_.messages.size(); ++i) {
      const api::PromptMessage& message = content_.messages[i];
      const FieldPath path = list.index(i);
      const bool is_text = message.role && message.content;
      if (message.conversation ? (message.role || message.content) : !is_text) {
        error(field_error(path,
                          message.conversation ? "a conversation item with role or content"
                                               : "neither text nor the conversation",
                          "either role with content, or conversation: {}"));
      } else if (!message.conversation) {
        add(text(std::string(to_string(*message.role)), *message.content, path.member("content")));
      } else if (std::exchange(has_conversation, true)) {
        error(field_error(path, "a second conversation item", "one in a prompt"));
      } else {
        add_conversation();
      }
    }
    if (!has_conversation) add_conversation();
  }

  void add(std::optional<CompiledMessage> message) {
    if (message) prompt().messages.push_back(std::move(*message));
  }
  void add_conversation() {
    prompt().messages.emplace_back();
    prompt().messages.back().conversation = true;
  }

  std::optional<CompiledMessage> text(std::string role, const std::string& content, const FieldPath& path) {
    if (is_blank(content)) {
      error(field_error(path, "an empty message", "some text"));
      return std::nullopt;
    }
    const TemplateFormat format = content_.template_ ? content_.template_->format : TemplateFormat::Jinja;
    auto parsed = Template::parse(format, content, includes_, allowance_);
    if (!parsed.ok()) {
      error(with_context(parsed.error(), path.to_string()));
      return std::nullopt;
    }
    made_.mentioned.insert(parsed->mentions().begin(), parsed->mentions().end());
    made_.used_includes.insert(parsed->includes().begin(), parsed->includes().end());
    // An include that is not known yet may bring variables.
    if (resolved_)
      for (const NameUse& use : parsed->names())
        if (!prompt().variables.contains(use.name) && undeclared_.insert(use.name).second)
          error(at_path(path,
                        at_byte(use.byte, "variable \"" + use.name + "\" is not declared, declared are: " +
                                              names_of(prompt().variables))));
    return CompiledMessage{false, std::move(role), std::move(*parsed)};
  }

  static Error at_path(const FieldPath& path, const Error& error) {
    return with_context(error, path.to_string());
  }

  void few_shot() {
    if (!content_.few_shot) return;
    const api::FewShot& shots = *content_.few_shot;
    std::size_t count = shots.examples.size();
    if (shots.select == api::FewShotSelection::FirstN) {
      if (!shots.count) return invalid("fewShot.count: found nothing, allowed a number with FirstN");
      count = std::min(count, static_cast<std::size_t>(*shots.count));
    }
    const FieldPath root;
    const FieldPath field = root.member("fewShot");
    const FieldPath list = field.member("examples");
    std::vector<CompiledMessage> turns;
    for (std::size_t i = 0; i < shots.examples.size(); ++i) {
      const FieldPath path = list.index(i);
      auto user = text("user", shots.examples[i].user, path.member("user"));
      auto assistant = text("assistant", shots.examples[i].assistant, path.member("assistant"));
      // All are read, so that a mistake shows now and not with a larger count.
      if (!user || !assistant || i >= count) continue;
      turns.push_back(std::move(*user));
      turns.push_back(std::move(*assistant));
    }
    auto at = prompt().messages.begin();
    while (!at->conversation) ++at;
    prompt().messages.insert(at, std::make_move_iterator(turns.begin()),
                             std::make_move_iterator(turns.end()));
  }

  void rest() {
    auto parameters = compile_parameters(content_);
    if (!parameters.ok()) return error(parameters.error());
    prompt().parameters = std::move(*parameters);
    if (!content_.response_format) return;
    auto format = compile_response_format(*content_.response_format);
    if (!format.ok()) return error("responseFormat.", format.error());
    prompt().response_format = std::move(*format);
  }

  const api::PromptContent& content_;
  const UnresolvedIncludes unresolved_;
  bool resolved_ = true;
  IncludeTexts includes_;
  TemplateAllowance allowance_;
  std::set<std::string> undeclared_;
  Compilation made_;
};

}  // namespace

Compilation compile_all(const api::PromptContent& content, UnresolvedIncludes unresolved) {
  return Compiler(content, unresolved).run();
}

}  // namespace llmops::gateway
