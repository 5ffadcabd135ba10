#include "cli/gate_file.hpp"

#include <algorithm>
#include <map>

#include "cli/files.hpp"
#include "cli/yaml.hpp"
#include "crds/api/eval_gate.hpp"
#include "crds/base/names.hpp"

namespace llmops::cli {
namespace {

struct Document {
  std::string file;
  Json object;
};

Result<std::vector<Document>> gates_in(const std::string& path, std::istream& in) {
  auto texts = read_manifests(path, in);
  if (!texts) return texts.error();
  std::vector<Document> gates;
  for (const NamedText& text : *texts) {
    auto documents = parse_yaml(text.text);
    if (!documents) return with_context(documents.error(), text.name);
    for (Json& object : *documents)
      if (object.is_object() && string_at(object, "kind") == "EvalGate")
        gates.push_back({text.name, std::move(object)});
  }
  return gates;
}

struct Foreign {
  std::string scorer;
  bool higher_is_better = true;
};

// Puts a known scorer in the place of foreign ones, so that the rest of the gate can be read.
std::map<std::string, Foreign> replace_foreign_scorers(Json& gate) {
  std::map<std::string, Foreign> foreign;
  if (!gate.contains("spec") || !gate["spec"].is_object()) return foreign;
  Json& spec = gate["spec"];
  if (!spec.contains("offline") || !spec["offline"].is_object() || !spec["offline"].contains("metrics"))
    return foreign;
  Json& metrics = spec["offline"]["metrics"];
  if (!metrics.is_array()) return foreign;
  for (Json& metric : metrics) {
    if (!metric.is_object() || !metric.contains("name") || !metric["name"].is_string()) continue;
    const std::string name = metric["name"].get<std::string>();
    const std::string type = string_at(metric, "scorer.type", metric.contains("scorer") ? "" : name);
    if (type.empty() || scorers::parse_scorer_kind(type)) continue;
    const std::string direction =
        string_at(metric, "direction", string_at(metric, "scorer.direction", "increase"));
    foreign[name] = {type, direction != "decrease"};
    metric["scorer"] = {{"type", "latency"}};
  }
  return foreign;
}

// What the API server checks by CEL, as far as a verdict hangs on it.
Result<void> check_demands(const api::Metric& metric, const std::string& at) {
  if (!metric.objective && !metric.non_inferiority)
    return Error{ErrorCode::InvalidArgument,
                 at + ": found neither objective nor nonInferiority, allowed one or both"};
  if (metric.objective && !metric.objective->min && !metric.objective->max)
    return Error{ErrorCode::InvalidArgument,
                 at + ".objective: found neither min nor max, allowed one or both"};
  if (metric.non_inferiority && !(metric.non_inferiority->margin > 0))
    return Error{ErrorCode::InvalidArgument, at + ".nonInferiority.margin: found " +
                                                 std::to_string(metric.non_inferiority->margin) +
                                                 ", allowed more than 0"};
  return {};
}

// The only one, or the one of this name.
Result<Document> one_gate(const std::string& path, const std::string& name, std::istream& in) {
  auto found = gates_in(path, in);
  if (!found) return found.error();
  std::vector<Document>& gates = *found;
  if (!name.empty())
    std::erase_if(
        gates, [&](const Document& document) { return string_at(document.object, "metadata.name") != name; });
  if (gates.size() != 1)
    return Error{ErrorCode::InvalidArgument,
                 path + ": found " +
                     (gates.empty() ? "no EvalGate" : std::to_string(gates.size()) + " EvalGates") +
                     (name.empty() ? "" : " named " + name) + ", allowed one (choose with --name)"};
  return std::move(gates.front());
}

std::string context_of(const Document& document) {
  return document.file + ": EvalGate " + string_at(document.object, "metadata.name");
}

}  // namespace

Result<LiveGateFile> read_live_gate(const std::string& path, const std::string& name, std::istream& in) {
  auto document = one_gate(path, name, in);
  if (!document) return document.error();
  auto parsed = api::EvalGate::parse(document->object);
  if (!parsed) return with_context(parsed.error(), context_of(*document));
  if (!parsed->spec.live)
    return Error{
        ErrorCode::InvalidArgument,
        context_of(*document) +
            (parsed->spec.prometheus ? ": found a gate that asks Prometheus" : ": found an offline gate") +
            ", allowed one with spec.live (llmops compare judges offline ones)"};
  return LiveGateFile{string_at(document->object, "metadata.name"), std::move(*parsed->spec.live)};
}

Result<Gate> read_gate(const std::string& path, const std::string& name, std::istream& in) {
  auto found = one_gate(path, name, in);
  if (!found) return found.error();
  Document& document = *found;
  Gate gate;
  gate.name = string_at(document.object, "metadata.name");
  const std::string context = context_of(document);
  const auto foreign = replace_foreign_scorers(document.object);
  auto parsed = api::EvalGate::parse(document.object);
  if (!parsed) return with_context(parsed.error(), context);
  if (!parsed->spec.offline)
    return Error{
        ErrorCode::InvalidArgument,
        context + (parsed->spec.prometheus ? ": found a gate that asks Prometheus" : ": found a live gate") +
            ", allowed one with spec.offline (llmops live judges live ones)"};
  gate.offline = std::move(*parsed->spec.offline);
  for (std::size_t i = 0; i < gate.offline.metrics.size(); ++i) {
    const auto checked =
        check_demands(gate.offline.metrics[i], "spec.offline.metrics[" + std::to_string(i) + "]");
    if (!checked) return with_context(checked.error(), context);
  }
  auto plans = judgement::plan_metrics(gate.offline.metrics);
  if (!plans) return with_context(plans.error(), context + ": spec.offline");
  gate.plans = std::move(*plans);
  for (judgement::MetricPlan& plan : gate.plans)
    if (const auto entry = foreign.find(plan.metric.name); entry != foreign.end()) {
      plan.scorer.reset();
      plan.scorer_name = entry->second.scorer.substr(0, 40);
      plan.higher_is_better = entry->second.higher_is_better;
    }
  return gate;
}

}  // namespace llmops::cli
