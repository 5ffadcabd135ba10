// llmops compare: the verdict of a gate on two files of recorded answers.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "cli/files.hpp"
#include "cli/gate_file.hpp"
#include "cli/output_format.hpp"
#include "cli/paired_answers.hpp"
#include "cli/result_text.hpp"
#include "cli/value_names.hpp"
#include "cli/verbs.hpp"
#include "cli/verdict_line.hpp"
#include "crds/base/json.hpp"
#include "evaluator/judgement/judge.hpp"
#include "evaluator/judgement/report.hpp"

namespace llmops::cli {
namespace {

Result<judgement::RecordedAnswers> read_answers(const std::string& path, std::istream& in) {
  auto text = read_input(path, in);
  if (!text) return text.error();
  auto answers = judgement::parse_recorded_answers(*text);
  if (!answers) return with_context(answers.error(), path);
  return answers;
}

class CompareVerb final : public Verb {
 public:
  std::string name() const override { return "compare"; }
  std::string description() const override { return "Judge two files of recorded answers by an EvalGate"; }
  void add_options(CLI::App& app) override {
    app.add_option("-f,--file", gate_, "file or folder with the EvalGate, - for standard input")
        ->type_name(kFileValue)
        ->required();
    app.add_option("--name", name_, "name of the EvalGate when there are several");
    app.add_option("--stable", stable_,
                   "JSON Lines of stable: {id, output, reference, …} or {id, scores: {metric: x}}")
        ->type_name(kFileValue)
        ->required();
    app.add_option("--candidate", candidate_, "the same of the candidate")->type_name(kFileValue)->required();
    add_output_option(app, format_);
  }

  int run(Context& context) override {
    const Timestamp started = context.now();
    if ((gate_ == "-") + (stable_ == "-") + (candidate_ == "-") > 1)
      return end_with_usage(
          {ErrorCode::InvalidArgument, "found - more than once, allowed once: there is one standard input"},
          context);
    auto gate = read_gate(gate_, name_, context.in);
    if (!gate) return end_with_usage(gate.error(), context);
    auto stable = read_answers(stable_, context.in);
    if (!stable) return end_with_usage(stable.error(), context);
    auto candidate = read_answers(candidate_, context.in);
    if (!candidate) return end_with_usage(candidate.error(), context);
    auto pairs = pair_answers(*stable, *candidate);
    if (!pairs) return end_with_usage(pairs.error(), context);
    for (const auto* answers : {&pairs->stable, &pairs->candidate})
      if (const auto usable = judgement::check_references(pairs->dataset, gate->plans, answers); !usable)
        return end_with_usage(with_context(usable.error(), answers == &pairs->stable ? stable_ : candidate_),
                              context);
    keep_first(*pairs, gate->offline.max_items);

    judgement::Evidence evidence{&pairs->dataset, &pairs->candidate, &pairs->stable};
    evidence.max_unscored_fraction =
        gate->offline.max_unscored_fraction.value_or(judgement::kDefaultMaxUnscoredFraction);
    const judgement::Judgement judgement = judgement::judge(gate->plans, evidence);
    if (format_ == OutputFormat::Json) {
      const judgement::ResultHeader header{pairs->dataset.digest, LLMOPS_VERSION, started, context.now()};
      context.out << dump_json(judgement::build_result(judgement, header, true).to_json()) << "\n";
    } else {
      write_scores(judgement, context.out);
    }
    for (const judgement::JudgedMetric& metric : judgement.metrics)
      context.err << metric.result.message.value_or("") << "\n";
    return end_with(judgement.verdict, context);
  }

 private:
  static void keep_first(PairedAnswers& pairs, std::optional<std::int64_t> most) {
    if (!most || *most <= 0) return;
    const std::size_t items = std::min(pairs.dataset.items.size(), static_cast<std::size_t>(*most));
    pairs.dataset.items.resize(items);
    pairs.stable.resize(items);
    pairs.candidate.resize(items);
  }

  std::string gate_;
  std::string name_;
  std::string stable_;
  std::string candidate_;
  OutputFormat format_ = OutputFormat::Text;
};

}  // namespace

std::unique_ptr<Verb> make_compare() {
  return std::make_unique<CompareVerb>();
}

}  // namespace llmops::cli
