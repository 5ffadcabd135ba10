// One text of a prompt, in one of the template formats.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crds/api/shared.hpp"
#include "crds/base/result.hpp"
#include "gateway/prompt/jinja_parser.hpp"
#include "gateway/prompt/mustache.hpp"
#include "gateway/prompt/rendering.hpp"

namespace llmops::gateway {

using TemplateFormat = api::TemplateFormat;

// Texts that templates may include, by name. A null text is declared and not known yet: it counts as empty.
using IncludeTexts = std::map<std::string, const std::string*, std::less<>>;

// What the templates of one prompt may still hold, includes written out.
struct TemplateAllowance {
  std::size_t bytes = kMaxTemplateBytes;
};

bool is_variable_name(std::string_view name);  // ^[a-zA-Z_][a-zA-Z0-9_]{0,62}$

class Template {
 public:
  // Errors: InvalidArgument "byte N: …": the grammar, an include that is not declared, includes that include
  // each other or are more than 4 deep; TooLarge for the allowance.
  static Result<Template> parse(TemplateFormat format, std::string_view text, const IncludeTexts& includes,
                                TemplateAllowance& allowance);

  // What the text takes from the prompt's variables, as far as that can be told (mustache: outside sections).
  const std::vector<NameUse>& names() const { return names_; }
  // Names that the text uses anywhere, perhaps of variables.
  const std::vector<std::string>& mentions() const { return mentions_; }
  // Names of includes, those of includes among them.
  const std::vector<std::string>& includes() const { return includes_; }

  Result<RenderedText> render(const Variables& variables, RenderBudget& budget) const;

 private:
  class Reader;
  std::variant<std::string, std::vector<jinja::Node>, std::vector<mustache::Node>> content_;
  std::vector<NameUse> names_;
  std::vector<std::string> mentions_, includes_;
};

}  // namespace llmops::gateway
