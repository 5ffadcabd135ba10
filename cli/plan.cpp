// llmops plan: what gates can decide, before a release waits for them.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <ostream>

#include "cli/files.hpp"
#include "cli/output_format.hpp"
#include "cli/plan_gate.hpp"
#include "cli/value_names.hpp"
#include "cli/verbs.hpp"
#include "cli/verdict_line.hpp"
#include "cli/yaml.hpp"
#include "crds/api/eval_gate.hpp"
#include "webhooks/rules/golden_set.hpp"

namespace llmops::cli {
namespace {

struct Manifests {
  std::vector<std::pair<std::string, Json>> gates;  // with their files
  std::vector<Json> config_maps;
};

Result<Manifests> read_all(const std::vector<std::string>& paths, std::istream& in) {
  Manifests found;
  for (const std::string& path : paths) {
    auto texts = read_manifests(path, in, Depth::AllFolders);
    if (!texts) return texts.error();
    for (const NamedText& text : *texts) {
      auto documents = parse_yaml(text.text);
      if (!documents) return with_context(documents.error(), text.name);
      for (Json& object : *documents) {
        if (!object.is_object()) continue;
        const std::string kind = string_at(object, "kind");
        if (kind == "EvalGate")
          found.gates.emplace_back(text.name, std::move(object));
        else if (kind == "ConfigMap")
          found.config_maps.push_back(std::move(object));
      }
    }
  }
  return found;
}

// METRIC=SHARE.
Result<std::pair<std::string, double>> rate_of(std::string_view option, const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  const std::string share = equals == std::string::npos ? "" : text.substr(equals + 1);
  char* end = nullptr;
  const double rate = std::strtod(share.c_str(), &end);
  api::LiveMetricName metric{};
  if (!api::from_string(name, metric) || share.empty() || *end != '\0' || !(rate > 0 && rate < 1))
    return Error{ErrorCode::InvalidArgument,
                 std::string(option) + ": found \"" + text +
                     "\", allowed a metric of live gates and a share between 0 and 1 (error-rate=0.02)"};
  return std::pair(name, rate);
}

class PlanVerb final : public Verb {
 public:
  std::string name() const override { return "plan"; }
  std::string description() const override {
    return "Say what EvalGates can decide, and what they need for it";
  }
  void add_options(CLI::App& app) override {
    app.add_option("-f,--file", files_,
                   "files or folders with EvalGates and the ConfigMaps of their golden sets, - for standard "
                   "input")
        ->type_name(kFileValue)
        ->required();
    app.add_option("--name", name_, "only the EvalGate of this name");
    app.add_option("--rate", rates_,
                   "how often stable has a metric's event, as METRIC=SHARE; again for more (default 0.02; of "
                   "quantities 1 - quantile)")
        ->allow_extra_args(false);
    app.add_option(
           "--harm", harms_,
           "how often a candidate has it whose harm is to show, as METRIC=SHARE; again for more (default "
           "twice and five times the rate)")
        ->allow_extra_args(false);
    app.add_option("--weight", assumptions_.weight,
                   "percent of the conversations that the candidate gets (10)")
        ->check(CLI::Range(0.1, 99.9));
    app.add_option("--traffic", traffic_, "conversations a minute, of both arms together")
        ->check(CLI::PositiveNumber);
    add_output_option(app, format_);
  }

  int run(Context& context) override {
    for (const std::string& text : rates_) {
      auto rate = rate_of("--rate", text);
      if (!rate) return end_with_usage(rate.error(), context);
      assumptions_.rates.insert_or_assign(rate->first, rate->second);
    }
    for (const std::string& text : harms_) {
      auto harm = rate_of("--harm", text);
      if (!harm) return end_with_usage(harm.error(), context);
      assumptions_.harms[harm->first].push_back(harm->second);
    }
    assumptions_.conversations_per_minute = traffic_;
    auto manifests = read_all(files_, context.in);
    if (!manifests) return end_with_usage(manifests.error(), context);
    Json plans = Json::array();
    for (const auto& [file, object] : manifests->gates) {
      if (!name_.empty() && string_at(object, "metadata.name") != name_) continue;
      auto plan = plan_of(object, *manifests);
      if (!plan) return end_with_usage(with_context(plan.error(), file), context);
      plans.push_back(std::move(*plan));
    }
    if (plans.empty())
      return end_with_usage(
          {ErrorCode::InvalidArgument,
           "found no EvalGate" + (name_.empty() ? "" : " named " + name_) + ", allowed one or more"},
          context);
    return tell(plans, context);
  }

 private:
  Result<Json> plan_of(const Json& object, const Manifests& manifests) const {
    const std::string called = string_at(object, "metadata.name");
    auto gate = api::EvalGate::parse(object);
    if (!gate) return with_context(gate.error(), "EvalGate " + called);
    Json plan;
    if (gate->spec.live) {
      plan = plan_live(*gate->spec.live, assumptions_);
    } else if (gate->spec.prometheus) {
      plan = plan_prometheus(*gate->spec.prometheus);
    } else if (gate->spec.offline) {
      const auto& reference = gate->spec.offline->dataset.config_map_ref;
      const std::string ns = string_at(object, "metadata.namespace");
      std::optional<rules::GoldenSet> golden;
      for (const Json& config_map : manifests.config_maps) {
        const std::string its = string_at(config_map, "metadata.namespace");
        if (string_at(config_map, "metadata.name") == reference.name &&
            (its == ns || its.empty() || ns.empty()))
          golden = rules::golden_set(reference, ns, &config_map);
      }
      if (golden && !golden->problem.empty())
        return Error{ErrorCode::InvalidArgument, "EvalGate " + called + ": " + golden->problem};
      plan = plan_offline(*gate->spec.offline,
                          golden ? std::optional<std::string_view>(golden->text) : std::nullopt,
                          golden ? golden->name : "");
    } else {
      return Error{ErrorCode::InvalidArgument,
                   "EvalGate " + called +
                       ": spec: found neither offline nor live nor prometheus, allowed one of them"};
    }
    plan["name"] = called;
    return plan;
  }

  int tell(const Json& plans, Context& context) const {
    bool decidable = true;
    for (const Json& plan : plans) {
      decidable = decidable && plan.value("decidable", false);
      if (format_ == OutputFormat::Text) context.out << plan_text(plan);
    }
    if (format_ == OutputFormat::Json) context.out << dump_json({{"gates", plans}}) << "\n";
    context.out << std::flush;
    context.err << (decidable ? "decidable" : "undecidable") << "\n" << std::flush;
    return decidable ? kGood : kBad;
  }

  std::vector<std::string> files_;
  std::string name_;
  std::vector<std::string> rates_, harms_;
  std::optional<double> traffic_;
  PlanAssumptions assumptions_;
  OutputFormat format_ = OutputFormat::Text;
};

}  // namespace

std::unique_ptr<Verb> make_plan() {
  return std::make_unique<PlanVerb>();
}

}  // namespace llmops::cli
