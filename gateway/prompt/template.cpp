#include "gateway/prompt/template.hpp"

#include <algorithm>
#include <utility>

#include "gateway/prompt/jinja_renderer.hpp"

namespace llmops::gateway {
namespace {

// Blanks in front of each line, but not behind the last line break.
std::string indented(std::string_view text, const std::string& indent) {
  if (indent.empty()) return std::string(text);
  std::string out;
  bool at_line = true;
  for (const char c : text) {
    if (at_line) out += indent;
    out += c;
    at_line = c == '\n';
  }
  return out;
}

}  // namespace

bool is_variable_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || name.size() > 63 || !letter(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// Reads a text and, in their places, what it includes.
class Template::Reader {
 public:
  Reader(const IncludeTexts& includes, TemplateAllowance& allowance, std::vector<std::string>& used)
      : includes_(includes), allowance_(allowance), used_(used) {}

  Result<jinja::Document> jinja(std::string_view text) {
    if (auto fits = take(text); !fits.ok()) return fits.error();
    return jinja::parse(text, [this](const std::string& name) -> Result<jinja::Document> {
      return within<jinja::Document>(name, [&](const std::string& inner) { return jinja(inner); });
    });
  }

  Result<mustache::Document> mustache(std::string_view text) {
    if (auto fits = take(text); !fits.ok()) return fits.error();
    return mustache::parse(
        text, [this](const std::string& name, const std::string& indent) -> Result<mustache::Document> {
          return within<mustache::Document>(
              name, [&](const std::string& inner) { return mustache(indented(inner, indent)); });
        });
  }

 private:
  Result<void> take(std::string_view text) {
    if (text.size() > allowance_.bytes)
      return Error{ErrorCode::TooLarge, "found more than " + std::to_string(kMaxTemplateBytes) +
                                            " bytes of templates with their includes; allowed fewer: include "
                                            "less often"};
    allowance_.bytes -= text.size();
    return {};
  }

  template <class Document, class Read>
  Result<Document> within(const std::string& name, Read read) {
    const auto wrong = [](const std::string& what) { return Error{ErrorCode::InvalidArgument, what}; };
    const auto include = includes_.find(name);
    if (include == includes_.end()) {
      std::string names;
      for (const auto& [known, text] : includes_) names += (names.empty() ? "" : ", ") + known;
      return wrong("found include \"" + name.substr(0, 80) +
                   "\", allowed those of the field includes: " + (names.empty() ? "none" : names));
    }
    if (std::find(path_.begin(), path_.end(), name) != path_.end()) {
      std::string circle;
      for (const std::string& step : path_) circle += step + " → ";
      return wrong("found includes in a circle: " + circle + name + "; allowed none");
    }
    if (path_.size() >= kMaxIncludeDepth)
      return wrong("found include \"" + name + "\" " + std::to_string(path_.size() + 1) +
                   " deep, allowed at most " + std::to_string(kMaxIncludeDepth));
    if (std::find(used_.begin(), used_.end(), name) == used_.end()) used_.push_back(name);
    if (!include->second) return Document{};
    path_.push_back(name);
    auto document = read(*include->second);
    path_.pop_back();
    if (!document.ok()) return with_context(document.error(), "include " + name);
    return document;
  }

  const IncludeTexts& includes_;
  TemplateAllowance& allowance_;
  std::vector<std::string>& used_;
  std::vector<std::string> path_;
};

Result<Template> Template::parse(TemplateFormat format, std::string_view text, const IncludeTexts& includes,
                                 TemplateAllowance& allowance) {
  Template parsed;
  if (format == TemplateFormat::None) {
    parsed.content_ = std::string(text);
    return parsed;
  }
  Reader reader(includes, allowance, parsed.includes_);
  if (format == TemplateFormat::Mustache) {
    auto document = reader.mustache(text);
    if (!document.ok()) return document.error();
    parsed.names_ = std::move(document->names);
    parsed.mentions_ = std::move(document->mentions);
    parsed.content_ = std::move(document->nodes);
    return parsed;
  }
  auto document = reader.jinja(text);
  if (!document.ok()) return document.error();
  parsed.names_ = std::move(document->names);
  for (const NameUse& use : parsed.names_) parsed.mentions_.push_back(use.name);
  parsed.content_ = std::move(document->nodes);
  return parsed;
}

Result<RenderedText> Template::render(const Variables& variables, RenderBudget& budget) const {
  RenderedText out;
  Result<void> done;
  if (const auto* text = std::get_if<std::string>(&content_)) {
    if (!append(out, *text, false, budget)) done = budget.error();
  } else if (const auto* nodes = std::get_if<std::vector<jinja::Node>>(&content_)) {
    done = jinja::render(*nodes, variables, budget, out);
  } else {
    done = mustache::render(std::get<std::vector<mustache::Node>>(content_), variables, budget, out);
  }
  if (!done.ok()) return done.error();
  return out;
}

}  // namespace llmops::gateway
