// llmops lint: what an API server, the webhook and the controllers would say to manifests, without a cluster.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <ostream>
#include <set>
#include <string_view>
#include <tuple>

#include "cli/files.hpp"
#include "cli/lint_checks.hpp"
#include "cli/lint_objects.hpp"
#include "cli/output_format.hpp"
#include "cli/value_names.hpp"
#include "cli/verbs.hpp"
#include "cli/verdict_line.hpp"
#include "crds/base/json.hpp"

namespace llmops::cli {
namespace {

using rules::Severity;

std::string_view name_of(Severity severity) {
  return severity == Severity::Error ? "error" : "warning";
}

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

class LintVerb final : public Verb {
 public:
  std::string name() const override { return "lint"; }
  std::string description() const override {
    return "Check manifests without a cluster: schemas, CEL rules, admission rules, references";
  }
  void add_options(CLI::App& app) override {
    app.add_option("-f,--file", paths_,
                   "files, folders with all below them (*.yaml, *.yml, *.json), - for standard input")
        ->type_name(kFileValue)
        ->required();
    add_output_option(app, format_);
  }

  int run(Context& context) override {
    LintObjects objects;
    if (const auto read = read_all(context, objects); !read) return end_with_usage(read.error(), context);
    std::vector<LintProblem> problems = std::move(objects.problems);
    check_schemas(objects, problems);
    check_doubles(objects, problems);
    check_rules(objects, problems);
    sort(problems);
    if (format_ == OutputFormat::Json)
      write_json(problems, context.out);
    else
      write_text(problems, context.out);
    return end(objects, problems, context);
  }

 private:
  Result<void> read_all(Context& context, LintObjects& objects) {
    std::set<std::string> seen;  // a file may be named, and be in a folder that is named
    for (const std::string& path : paths_) {
      if (path == "-" && seen.contains("-"))
        return Error{ErrorCode::InvalidArgument,
                     "found - more than once, allowed once: there is one standard input"};
      auto texts = read_manifests(path, context.in, Depth::AllFolders);
      if (!texts) return texts.error();
      for (const NamedText& text : *texts) {
        if (!seen.insert(std::filesystem::path(text.name).lexically_normal().string()).second) continue;
        files_.emplace(text.name, files_.size());
        add_objects(text, objects);
      }
    }
    return {};
  }

  // By file in the order of reading, then by line.
  void sort(std::vector<LintProblem>& problems) const {
    const auto place = [&](const LintProblem& problem) {
      return std::tuple(files_.at(problem.file), problem.line, std::string_view(problem.field),
                        std::string_view(problem.message));
    };
    std::sort(problems.begin(), problems.end(),
              [&](const LintProblem& a, const LintProblem& b) { return place(a) < place(b); });
  }

  static void write_json(const std::vector<LintProblem>& problems, std::ostream& out) {
    Json list = Json::array();
    for (const LintProblem& problem : problems)
      list.push_back({{"file", problem.file},
                      {"line", problem.line},
                      {"object", problem.object},
                      {"field", problem.field},
                      {"message", problem.message},
                      {"severity", name_of(problem.severity)}});
    out << dump_json({{"problems", std::move(list)}}) << "\n";
  }

  // One line a problem, whatever stands in keys.
  static std::string on_one_line(std::string text) {
    for (char& c : text)
      if (static_cast<unsigned char>(c) < ' ') c = ' ';
    return text;
  }

  // As compilers write it, so that editors and CI find the place.
  static void write_text(const std::vector<LintProblem>& problems, std::ostream& out) {
    for (const LintProblem& problem : problems) {
      std::string line = problem.file + ":";
      if (problem.line != 0) line += std::to_string(problem.line) + ":";
      line += " " + std::string(name_of(problem.severity)) + ": ";
      if (!problem.object.empty()) line += problem.object + ": ";
      if (!problem.field.empty()) line += problem.field + ": ";
      out << on_one_line(line + problem.message) << "\n";
    }
  }

  int end(const LintObjects& objects, const std::vector<LintProblem>& problems, Context& context) const {
    const auto errors = static_cast<std::size_t>(
        std::count_if(problems.begin(), problems.end(),
                      [](const LintProblem& problem) { return problem.severity == Severity::Error; }));
    context.out << std::flush;
    context.err << counted(objects.ours.size(), "object") << " checked in " << counted(files_.size(), "file")
                << ", " << objects.others << " of other kinds skipped: " << counted(errors, "error") << ", "
                << counted(problems.size() - errors, "warning") << "\n"
                << (errors == 0 ? "valid" : "invalid") << "\n"
                << std::flush;
    return errors == 0 ? kGood : kBad;
  }

  std::vector<std::string> paths_;
  std::map<std::string, std::size_t> files_;  // and their order
  OutputFormat format_ = OutputFormat::Text;
};

}  // namespace

std::unique_ptr<Verb> make_lint() {
  return std::make_unique<LintVerb>();
}

}  // namespace llmops::cli
