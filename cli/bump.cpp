// llmops bump: the next version of a prompt's file, and of what refers to it.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "cli/files.hpp"
#include "cli/output_format.hpp"
#include "cli/prompt_edit.hpp"
#include "cli/prompt_file.hpp"
#include "cli/value_names.hpp"
#include "cli/verbs.hpp"
#include "cli/verdict_line.hpp"
#include "crds/base/json.hpp"

namespace llmops::cli {
namespace {

Result<void> write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file) return Error{ErrorCode::Unavailable, path.string() + ": cannot be written"};
  return {};
}

class BumpVerb final : public Verb {
 public:
  std::string name() const override { return "bump"; }
  std::string description() const override {
    return "Make the next version of a PromptVersion's file; a PromptVersion itself never changes";
  }
  void add_options(CLI::App& app) override {
    app.add_option("file", file_, "the PromptVersion's manifest, - for standard input")
        ->type_name(kFileValue)
        ->required();
    app.add_option("-m,--message", message_, "commitMessage of the next version");
    app.add_flag("-w,--write", write_, "write it beside the file as <name>.yaml, not to standard output");
    app.add_option("--reference", references_,
                   "manifest whose ModelDeployments refer to the prompt and shall refer to the next version "
                   "(with --write); again for more")
        ->type_name(kFileValue)
        ->allow_extra_args(false);
    add_output_option(app, format_);
  }

  int run(Context& context) override {
    if (!references_.empty() && !write_)
      return end_with_usage({ErrorCode::InvalidArgument, "--reference: allowed with --write"}, context);
    if (write_ && file_ == "-")
      return end_with_usage({ErrorCode::InvalidArgument, "--write: allowed with a file, not with -"},
                            context);
    auto text = read_input(file_, context.in);
    if (!text) return end_with_usage(text.error(), context);
    auto next = next_prompt(*text, message_);
    if (!next) return end_with_usage(with_context(next.error(), file_), context);
    if (!write_) {
      if (format_ == OutputFormat::Json)
        context.out << dump_json({{"name", next->name}, {"version", next->version}, {"text", next->text}})
                    << "\n";
      else
        context.out << next->text;
      context.out << std::flush;
      return kGood;
    }
    return store(*next, context);
  }

 private:
  // Everything is prepared before the first byte is written.
  int store(const NextPrompt& next, Context& context) const {
    const auto path = std::filesystem::path(file_).parent_path() / (next.name + ".yaml");
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored))
      return end_with_usage(
          {ErrorCode::AlreadyExists, path.string() + ": exists; a version is never changed"}, context);
    auto before = read_prompts(file_, context.in);
    if (!before) return end_with_usage(before.error(), context);
    const std::string& old_name = before->front().name;
    std::vector<std::pair<std::string, std::string>> files = {{path.string(), next.text}};
    for (const std::string& reference : references_) {
      auto manifest = read_input(reference, context.in);
      if (!manifest) return end_with_usage(manifest.error(), context);
      auto edited = with_reference(*manifest, old_name, next.name);
      if (!edited) return end_with_usage(with_context(edited.error(), reference), context);
      files.emplace_back(reference, std::move(*edited));
    }
    Json written = Json::array();
    for (const auto& [file, text] : files) {
      if (auto done = write_file(file, text); !done.ok()) return end_with_usage(done.error(), context);
      written.push_back(file);
    }
    if (format_ == OutputFormat::Json) {
      context.out << dump_json(Json{{"name", next.name}, {"version", next.version}, {"files", written}})
                  << "\n";
    } else {
      for (const auto& [file, text] : files) context.out << file << "\n";
    }
    return kGood;
  }

  std::string file_, message_;
  std::vector<std::string> references_;
  bool write_ = false;
  OutputFormat format_ = OutputFormat::Text;
};

}  // namespace

std::unique_ptr<Verb> make_bump() {
  return std::make_unique<BumpVerb>();
}

}  // namespace llmops::cli
