// llmops live: a live gate on counts that were recorded, as the operator would have judged them.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>
#include <string_view>

#include "cli/files.hpp"
#include "cli/gate_file.hpp"
#include "cli/output_format.hpp"
#include "cli/value_names.hpp"
#include "cli/verbs.hpp"
#include "cli/verdict_line.hpp"
#include "crds/base/json.hpp"
#include "evaluator/live/count_lines.hpp"
#include "evaluator/live/evidence.hpp"

namespace llmops::cli {
namespace {

class LiveVerb final : public Verb {
 public:
  std::string name() const override { return "live"; }
  std::string description() const override {
    return "Judge counts of users' conversations by a live EvalGate, line by line";
  }
  void add_options(CLI::App& app) override {
    app.add_option("-f,--file", gate_, "file or folder with the EvalGate, - for standard input")
        ->type_name(kFileValue)
        ->required();
    app.add_option("--name", name_, "name of the EvalGate when there are several");
    app.add_option("counts", counts_,
                   "JSON Lines of what came since the line before, - for standard input: {time, stable: "
                   "{conversations, events: {metric: n}}, candidate: {…}}")
        ->type_name(kFileValue)
        ->required();
    add_output_option(app, format_);
  }

  int run(Context& context) override {
    if (gate_ == "-" && counts_ == "-")
      return end_with_usage(
          {ErrorCode::InvalidArgument, "found - more than once, allowed once: there is one standard input"},
          context);
    auto file = read_live_gate(gate_, name_, context.in);
    if (!file) return end_with_usage(file.error(), context);
    const live::LiveGate gate = live::gate_of(file->live, {});
    if (const auto checked = live::check(gate); !checked)
      return end_with_usage(with_context(checked.error(), gate_ + ": EvalGate " + file->name), context);
    auto text = read_input(counts_, context.in);
    if (!text) return end_with_usage(text.error(), context);
    live::CountLines judged(gate);
    int line = 0;
    std::string_view rest = *text;
    while (!rest.empty()) {
      const std::string_view one = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
      ++line;
      if (one.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      auto answer = judged.next(one);
      if (!answer)
        return end_with_usage(with_context(answer.error(), counts_ + ":" + std::to_string(line)), context);
      tell(*answer, context.out);
    }
    return end_with(judged.at_end(), context);
  }

 private:
  void tell(const Json& answer, std::ostream& out) const {
    if (format_ == OutputFormat::Json)
      out << dump_json(answer) << "\n";
    else
      out << string_at(answer, "time") << "  " << string_at(answer, "verdict") << "  "
          << string_at(answer, "message") << "\n";
  }
  static int end_with(live::Verdict verdict, Context& context) {
    switch (verdict) {
      case live::Verdict::Successful:
        return cli::end_with(api::Verdict::Successful, context);
      case live::Verdict::Failed:
        return cli::end_with(api::Verdict::Failed, context);
      case live::Verdict::Running:
      case live::Verdict::Inconclusive:
        break;
    }
    return cli::end_with(api::Verdict::Inconclusive, context);
  }

  std::string gate_;
  std::string name_;
  std::string counts_;
  OutputFormat format_ = OutputFormat::Text;
};

}  // namespace

std::unique_ptr<Verb> make_live() {
  return std::make_unique<LiveVerb>();
}

}  // namespace llmops::cli
