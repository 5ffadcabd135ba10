// llmops diff: what changed between two prompts, in their texts, their parameters and their size.
#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/line_difference.hpp"
#include "cli/output_format.hpp"
#include "cli/part_difference.hpp"
#include "cli/prompt_file.hpp"
#include "cli/value_names.hpp"
#include "cli/verbs.hpp"
#include "cli/verdict_line.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/json.hpp"
#include "gateway/prompt/includes.hpp"

namespace llmops::cli {
namespace {

// Tokenizers of today take about four Latin letters, or one and a half Hangul syllables or ideographs, a
// token.
std::size_t approximate_tokens(std::string_view text) {
  std::size_t narrow = 0, wide = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0xE0) {
      ++wide;
    } else if (byte < 0x80 || byte >= 0xC0) {
      ++narrow;
    }
  }
  return (narrow + 3) / 4 + (2 * wide + 2) / 3;
}

std::size_t tokens_of(const api::PromptContent& content) {
  std::size_t tokens = 0;
  for (const auto& message : content.messages) tokens += approximate_tokens(message.content.value_or(""));
  for (const auto& include : content.includes) tokens += approximate_tokens(include.text.value_or(""));
  if (content.few_shot)
    for (const auto& example : content.few_shot->examples)
      tokens += approximate_tokens(example.user) + approximate_tokens(example.assistant);
  return tokens;
}

struct Side {
  PromptFile prompt;
  std::string digest;
  std::size_t tokens = 0;

  Json json() const { return {{"prompt", prompt.name}, {"digest", digest}, {"tokens", tokens}}; }
};

class DiffVerb final : public Verb {
 public:
  std::string name() const override { return "diff"; }
  std::string description() const override {
    return "Compare two prompts: texts, parameters, and about how many tokens";
  }
  void add_options(CLI::App& app) override {
    app.add_option("before", before_, "a file with one prompt, or with -f a name")
        ->type_name(kFileValue)
        ->required();
    app.add_option("after", after_, "likewise")->type_name(kFileValue)->required();
    app.add_option("-f,--file", file_, "manifests in which both are: a file or a folder")
        ->type_name(kFileValue);
    add_output_option(app, format_);
  }

  int run(Context& context) override {
    auto before = side(before_, context);
    if (!before) return end_with_usage(before.error(), context);
    auto after = side(after_, context);
    if (!after) return end_with_usage(after.error(), context);
    const Json a = before->prompt.content.to_json(), b = after->prompt.content.to_json();
    if (format_ == OutputFormat::Json) {
      Json differences = Json::array();
      for (const PartDifference& found : part_differences(a, b))
        differences.push_back({{"path", found.path}, {"before", found.before}, {"after", found.after}});
      const Json json = {{"before", before->json()}, {"after", after->json()}, {"differences", differences}};
      context.out << dump_json(json) << "\n";
    } else {
      write(*before, *after, a, b, context.out);
    }
    return kGood;
  }

 private:
  Result<Side> side(const std::string& argument, Context& context) const {
    const std::string& path = file_.empty() ? argument : file_;
    auto prompts = read_prompts(path, context.in);
    if (!prompts) return prompts.error();
    auto prompt = choose_prompt(*prompts, path, file_.empty() ? "" : argument);
    if (!prompt) return prompt.error();
    // Texts of includes count where they are at hand.
    const auto resolved = resolved_content(*prompt, *prompts);
    const std::size_t tokens = tokens_of(resolved.ok() ? *resolved : prompt->content);
    const std::string digest = gateway::prompt_digest(prompt->content);
    return Side{std::move(*prompt), digest, tokens};
  }

  static void write(const Side& before, const Side& after, const Json& a, const Json& b, std::ostream& out) {
    out << "--- " << before.prompt.name << " " << short_hash(before.digest) << "\n+++ " << after.prompt.name
        << " " << short_hash(after.digest) << "\n";
    const auto differences = part_differences(a, b);
    if (differences.empty()) out << "the same content\n";
    for (const PartDifference& found : differences) {
      out << found.path << "\n";
      const std::string was = text_at(a, found), is = text_at(b, found);
      if (!was.empty() && !is.empty()) {
        out << line_differences(was, is);
      } else {
        if (!found.before.empty()) out << "- " << found.before << "\n";
        if (!found.after.empty()) out << "+ " << found.after << "\n";
      }
    }
    out << "about " << before.tokens << " → " << after.tokens << " tokens\n";
  }

  // The whole text at the path of a difference, which itself may be clipped. Empty when it is no text.
  static std::string text_at(const Json& content, const PartDifference& found) {
    std::string path;
    for (const char c : found.path)
      if (c != ']') path += c == '[' ? '.' : c;
    const Json* value = find_path(content, path);
    return value && value->is_string() ? value->get<std::string>() : "";
  }

  std::string before_, after_, file_;
  OutputFormat format_ = OutputFormat::Text;
};

}  // namespace

std::unique_ptr<Verb> make_diff() {
  return std::make_unique<DiffVerb>();
}

}  // namespace llmops::cli
