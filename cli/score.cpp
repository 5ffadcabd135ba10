// llmops score: recorded outputs through the same scorers as in a cluster.
#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/files.hpp"
#include "cli/metric_flag.hpp"
#include "cli/output_format.hpp"
#include "cli/result_text.hpp"
#include "cli/value_names.hpp"
#include "cli/verbs.hpp"
#include "cli/verdict_line.hpp"
#include "crds/base/json.hpp"
#include "evaluator/judgement/judge.hpp"
#include "evaluator/judgement/report.hpp"

namespace llmops::cli {
namespace {

class ScoreVerb final : public Verb {
 public:
  std::string name() const override { return "score"; }
  std::string description() const override {
    return "Score recorded outputs {id, output, reference|references, tags?, cluster?}";
  }
  void add_options(CLI::App& app) override {
    app.add_option("--metric", metrics_,
                   "scorer, as NAME[:key=value,…]; again for more (" + scorers::scorer_names() +
                       "; keys ignoreCase, form, name, pattern)")
        ->required()
        ->allow_extra_args(false);
    app.add_option("data", data_, "JSON Lines file, - for standard input")->type_name(kFileValue)->required();
    add_output_option(app, format_);
  }

  int run(Context& context) override {
    const Timestamp started = context.now();
    auto plans = parse_metric_flags(metrics_);
    if (!plans) return end_with_usage(plans.error(), context);
    auto text = read_input(data_, context.in);
    if (!text) return end_with_usage(text.error(), context);
    auto recorded = judgement::parse_recorded_answers(*text);
    if (!recorded) return end_with_usage(with_context(recorded.error(), data_), context);
    const auto usable = judgement::check_references(recorded->dataset, *plans, &recorded->answers);
    if (!usable) return end_with_usage(with_context(usable.error(), data_), context);
    const judgement::Judgement judgement = judgement::judge(*plans, {&recorded->dataset, &recorded->answers});
    if (format_ == OutputFormat::Json) {
      const judgement::ResultHeader header{recorded->dataset.digest, LLMOPS_VERSION, started, context.now()};
      context.out << dump_json(judgement::build_result(judgement, header, false).to_json()) << "\n";
    } else {
      write_scores(judgement, context.out);
    }
    return end_with(judgement.verdict, context);
  }

 private:
  std::vector<std::string> metrics_;
  std::string data_;
  OutputFormat format_ = OutputFormat::Text;
};

}  // namespace

std::unique_ptr<Verb> make_score() {
  return std::make_unique<ScoreVerb>();
}

}  // namespace llmops::cli
