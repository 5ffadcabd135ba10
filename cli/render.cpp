// llmops render: a prompt with variables and a client's turns, as the gateway would send it.
#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/output_format.hpp"
#include "cli/prompt_file.hpp"
#include "cli/value_names.hpp"
#include "cli/verbs.hpp"
#include "cli/verdict_line.hpp"
#include "crds/base/json.hpp"
#include "gateway/prompt/includes.hpp"
#include "gateway/prompt/prompt.hpp"

namespace llmops::cli {
namespace {

class RenderVerb final : public Verb {
 public:
  std::string name() const override { return "render"; }
  std::string description() const override {
    return "Render a prompt with variables and a client's turns, as the gateway does";
  }
  void add_options(CLI::App& app) override {
    app.add_option(
           "-f,--file", file_,
           "manifests with the PromptVersion (and what it includes) or a ModelDeployment with a prompt: "
           "a file, a folder, - for standard input")
        ->type_name(kFileValue)
        ->required();
    app.add_option("--name", name_, "which prompt, where there are several");
    app.add_option("--vars", variables_, "values of variables by name: JSON, or @FILE");
    app.add_option("--messages", messages_,
                   "the client's messages: JSON, or @FILE; without them the prompt stands alone");
    add_output_option(app, format_);
  }

  int run(Context& context) override {
    auto prompts = read_prompts(file_, context.in);
    if (!prompts) return end_with_usage(prompts.error(), context);
    auto prompt = choose_prompt(*prompts, file_, name_);
    if (!prompt) return end_with_usage(prompt.error(), context);
    auto values = read_variables(context);
    if (!values) return end_with_usage(values.error(), context);
    Json messages = Json::array({{{"role", "user"}, {"content", ""}}});
    if (!messages_.empty()) {
      auto given = json_argument(messages_, "--messages", context.in);
      if (!given) return end_with_usage(given.error(), context);
      messages = std::move(*given);
    }
    auto content = resolved_content(*prompt, *prompts);
    if (!content) return refuse(*prompt, content.error(), context);
    const auto compiled = gateway::compile(*content);
    if (!compiled) return refuse(*prompt, compiled.error(), context);
    auto rendered = gateway::render(*compiled, *values, messages);
    if (!rendered) return refuse(*prompt, rendered.error(), context);
    if (messages_.empty()) drop_clients(*rendered);
    write(*prompt, *rendered, context.out);
    return kGood;
  }

 private:
  Result<gateway::VariableValues> read_variables(Context& context) const {
    gateway::VariableValues values;
    if (variables_.empty()) return values;
    auto given = json_argument(variables_, "--vars", context.in);
    if (!given) return given.error();
    if (!given->is_object())
      return Error{ErrorCode::InvalidArgument,
                   "--vars: found " + describe(*given) + ", allowed an object of values by name"};
    for (auto value = given->begin(); value != given->end(); ++value) values.emplace(value.key(), *value);
    return values;
  }

  // The turn that only stood for a client.
  static void drop_clients(gateway::RenderedPrompt& rendered) {
    Json own = Json::array();
    for (std::size_t i = 0; i < rendered.messages.size(); ++i)
      if (!rendered.origins[i].client) own.push_back(std::move(rendered.messages[i]));
    rendered.messages = std::move(own);
  }

  static int refuse(const PromptFile& prompt, const Error& error, Context& context) {
    context.err << "llmops: " << prompt.file << ": " << prompt.kind << " " << prompt.name << ": "
                << error.message << "\n"
                << std::flush;
    return kBad;
  }

  void write(const PromptFile& prompt, const gateway::RenderedPrompt& rendered, std::ostream& out) const {
    if (format_ == OutputFormat::Json) {
      const Json json = {{"prompt", prompt.name},
                         {"digest", gateway::prompt_digest(prompt.content)},
                         {"messages", rendered.messages},
                         {"parameters", rendered.parameters}};
      out << dump_json(json) << "\n";
      return;
    }
    for (const Json& message : rendered.messages) {
      const Json& content = message.contains("content") ? message["content"] : Json();
      out << "--- " << string_at(message, "role") << "\n"
          << (content.is_string() ? content.get_ref<const std::string&>() : dump_json(content)) << "\n";
    }
    if (!rendered.parameters.empty()) out << "--- parameters\n" << dump_json(rendered.parameters) << "\n";
  }

  std::string file_, name_, variables_, messages_;
  OutputFormat format_ = OutputFormat::Text;
};

}  // namespace

std::unique_ptr<Verb> make_render() {
  return std::make_unique<RenderVerb>();
}

}  // namespace llmops::cli
