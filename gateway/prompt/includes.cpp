#include "gateway/prompt/includes.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "crds/base/digest.hpp"
#include "crds/base/json.hpp"
#include "gateway/prompt/rendering.hpp"

namespace llmops::gateway {
namespace {

constexpr std::size_t kMaxIncludes = 16;   // as the schema has it
constexpr std::size_t kMaxVariables = 64;  // likewise

api::TemplateFormat format_of(const api::PromptContent& content) {
  return content.template_ ? content.template_->format : api::TemplateFormat::Jinja;
}

class Resolver {
 public:
  Resolver(const api::PromptContent& content, const PromptLookup& look_up)
      : format_(format_of(content)), look_up_(look_up), resolved_(content) {}

  Result<api::PromptContent> run() {
    const auto own = std::exchange(resolved_.includes, {});
    if (auto done = add(own); !done.ok()) return done.error();
    return std::move(resolved_);
  }

 private:
  Error wrong(std::size_t index, std::string_view field, const std::string& what,
              ErrorCode code = ErrorCode::InvalidArgument) const {
    std::string where;
    for (const std::string& step : path_) where += "include " + step + ": ";
    return {code, where + "includes[" + std::to_string(index) + "]" + std::string(field) + ": " + what};
  }

  Result<void> add(const std::vector<api::PromptInclude>& includes) {
    for (std::size_t i = 0; i < includes.size(); ++i) {
      const api::PromptInclude& include = includes[i];
      if (std::find(path_.begin(), path_.end(), include.name) != path_.end())
        return wrong(i, ".name", "found " + include.name + ", which includes itself; allowed no circle");
      if (path_.size() >= kMaxIncludeDepth)
        return wrong(i, "",
                     "found an include " + std::to_string(path_.size() + 1) + " deep, allowed " +
                         std::to_string(kMaxIncludeDepth));
      const auto known =
          std::find_if(resolved_.includes.begin(), resolved_.includes.end(),
                       [&](const api::PromptInclude& other) { return other.name == include.name; });
      if (known != resolved_.includes.end()) {
        if (known->digest == include.digest) continue;
        return wrong(i, ".digest",
                     "found " + include.digest + ", but " + include.name + " is included elsewhere with " +
                         known->digest + "; allowed one");
      }
      if (auto done = take_up(include, i); !done.ok()) return done;
    }
    return {};
  }

  Result<void> take_up(const api::PromptInclude& include, std::size_t i) {
    const auto found = look_up_(include.name);
    if (!found)
      return wrong(i, ".name",
                   "PromptVersion " + include.name +
                       " does not exist in this namespace; create it or name "
                       "another",
                   ErrorCode::NotFound);
    if (const std::string digest = prompt_digest(*found); digest != include.digest)
      return wrong(i, ".digest",
                   "found " + include.digest + ", but PromptVersion " + include.name + " has " + digest +
                       "; allowed its own");
    if (found->messages.size() != 1 || !found->messages.front().content)
      return wrong(i, ".name",
                   "PromptVersion " + include.name + " has " + std::to_string(found->messages.size()) +
                       " messages, allowed one with a content");
    if (format_of(*found) != format_)
      return wrong(i, ".name",
                   "PromptVersion " + include.name + " has the template format " +
                       std::string(to_string(format_of(*found))) + ", allowed that of this prompt, " +
                       std::string(to_string(format_)));
    if (resolved_.includes.size() >= kMaxIncludes)
      return wrong(i, "",
                   "found more than " + std::to_string(kMaxIncludes) +
                       " includes, those of includes among them; allowed fewer");
    for (const auto& [name, variable] : found->variables) {
      const auto [own, added] = resolved_.variables.emplace(name, variable);
      if (!added && !same_kind(own->second, variable))
        return wrong(i, ".name",
                     "PromptVersion " + include.name + " declares the variable " + name +
                         " with another schema, allowed the same or none");
    }
    if (resolved_.variables.size() > kMaxVariables)
      return wrong(i, "",
                   "found more than " + std::to_string(kMaxVariables) +
                       " variables, those of includes among them; allowed fewer");
    resolved_.includes.push_back(include);
    resolved_.includes.back().text = *found->messages.front().content;
    path_.push_back(include.name);
    auto done = add(found->includes);
    path_.pop_back();
    return done;
  }

  // The including prompt decides description, default and bound; the kind of value must be the same.
  static bool same_kind(const api::PromptVariable& own, const api::PromptVariable& included) {
    return !included.schema || own.schema == included.schema;
  }

  const api::TemplateFormat format_;
  const PromptLookup& look_up_;
  api::PromptContent resolved_;
  std::vector<std::string> path_;
};

}  // namespace

std::string prompt_digest(const api::PromptContent& content) {
  api::PromptContent identity = content;
  for (api::PromptInclude& include : identity.includes) include.text.reset();
  return digest_of(identity.to_json());
}

Result<api::PromptContent> resolve_includes(const api::PromptContent& content, const PromptLookup& look_up) {
  if (content.includes.empty()) return content;
  return Resolver(content, look_up).run();
}

bool is_resolved(const api::PromptContent& content) {
  return std::all_of(content.includes.begin(), content.includes.end(),
                     [](const api::PromptInclude& include) { return include.text.has_value(); });
}

}  // namespace llmops::gateway
