#include "cli/prompt_file.hpp"

#include <algorithm>

#include "cli/files.hpp"
#include "cli/yaml.hpp"
#include "crds/api/prompt_version.hpp"
#include "crds/base/json.hpp"
#include "gateway/prompt/includes.hpp"
#include "webhooks/rules/prompt.hpp"

namespace llmops::cli {

Result<std::vector<PromptFile>> read_prompts(const std::string& path, std::istream& in) {
  auto texts = read_manifests(path, in);
  if (!texts) return texts.error();
  std::vector<PromptFile> prompts;
  for (const NamedText& text : *texts) {
    auto documents = parse_yaml(text.text);
    if (!documents) return with_context(documents.error(), text.name);
    for (const Json& object : *documents) {
      const std::string kind = string_at(object, "kind");
      PromptFile prompt{text.name, kind, string_at(object, "metadata.name"), 0, {}};
      const std::string context = text.name + ": " + kind + " " + prompt.name;
      if (kind == "PromptVersion") {
        auto parsed = api::PromptVersion::parse(object);
        if (!parsed) return with_context(parsed.error(), context);
        prompt.version = parsed->spec.version;
        prompt.content = rules::content_of(parsed->spec);
        prompts.push_back(std::move(prompt));
      } else if (const Json* inlined =
                     kind == "ModelDeployment" ? find_path(object, "spec.prompt") : nullptr) {
        auto parsed = api::PromptContent::parse(*inlined);
        if (!parsed) return with_context(parsed.error(), context + ": spec.prompt");
        prompt.content = std::move(*parsed);
        prompts.push_back(std::move(prompt));
      }
    }
  }
  return prompts;
}

Result<PromptFile> choose_prompt(const std::vector<PromptFile>& prompts, const std::string& path,
                                 const std::string& name) {
  std::vector<const PromptFile*> found;
  std::string names;
  for (const PromptFile& prompt : prompts) {
    names += (names.empty() ? "" : ", ") + prompt.name;
    if (name.empty() || prompt.name == name) found.push_back(&prompt);
  }
  if (found.size() == 1) return *found.front();
  return Error{ErrorCode::InvalidArgument,
               path + ": found " + (found.empty() ? "no prompt" : std::to_string(found.size()) + " prompts") +
                   (name.empty() ? "" : " named " + name) + ", allowed one" +
                   (names.empty() ? " PromptVersion or ModelDeployment with a prompt"
                                  : "; choose with --name from " + names)};
}

Result<api::PromptContent> resolved_content(const PromptFile& prompt,
                                            const std::vector<PromptFile>& prompts) {
  return gateway::resolve_includes(
      prompt.content, [&](const std::string& name) -> std::optional<api::PromptContent> {
        const auto found = std::find_if(prompts.begin(), prompts.end(), [&](const PromptFile& other) {
          return other.kind == "PromptVersion" && other.name == name;
        });
        return found == prompts.end() ? std::nullopt : std::optional(found->content);
      });
}

Result<Json> json_argument(const std::string& argument, const std::string& flag, std::istream& in) {
  std::string text = argument;
  std::string where = flag;
  if (argument.starts_with("@")) {
    auto read = read_input(argument.substr(1), in);
    if (!read) return with_context(read.error(), flag);
    text = std::move(*read);
    where += " " + argument;
  }
  auto parsed = parse_json(text);
  if (!parsed) return with_context(parsed.error(), where);
  return parsed;
}

}  // namespace llmops::cli
