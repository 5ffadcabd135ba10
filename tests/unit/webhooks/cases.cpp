#include "cases.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "crds/base/names.hpp"
#include "operator/kube/object.hpp"
#include "webhooks/rules/prompt.hpp"

namespace llmops {
namespace {

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "cases.jsonl: %s\n", why.c_str());
  std::abort();
}

template <class T>
std::shared_ptr<const T> parsed(const Json& object) {
  auto made = T::parse(object);
  if (!made.ok()) fail(string_at(object, "metadata.name") + ": " + made.error().message);
  return std::make_shared<const T>(std::move(*made));
}

void add(rules::Neighbours& known, const Json& object) {
  const std::string kind = string_at(object, "kind"), name = string_at(object, "metadata.name");
  if (kind == "PromptVersion") (*known.prompt_versions)[name] = parsed<api::PromptVersion>(object);
  if (kind == "Guardrail") (*known.guardrails)[name] = parsed<api::Guardrail>(object);
  if (kind == "EvalGate") (*known.eval_gates)[name] = parsed<api::EvalGate>(object);
}

void put(Json& value, const std::string& digest) {
  if (value.is_string() && value == "DIGEST") value = digest;
  if (value.is_structured())
    for (auto& member : value) put(member, digest);
}

Said said(const Json& list) {
  Said all;
  for (const auto& entry : list) all.emplace_back(entry.at(0), entry.at(1));
  return all;
}

template <class T>
rules::Subject<T> subject(const Json& document, const T& object) {
  const kube::ObjectMeta meta = kube::parse_meta(document);
  return {meta.ns, meta.name, object, meta.generation, meta.annotation(names::kCommand)};
}

std::vector<rules::Problem> problems_of(const Case& one, const rules::Neighbours& known) {
  const std::string kind = string_at(one.object, "kind");
  if (kind == "PromptVersion") {
    const auto object = parsed<api::PromptVersion>(one.object);
    return check_prompt_version(subject(one.object, *object), known);
  }
  if (kind == "Guardrail") {
    const auto object = parsed<api::Guardrail>(one.object);
    return check_guardrail(subject(one.object, *object));
  }
  if (kind == "EvalGate") {
    const auto object = parsed<api::EvalGate>(one.object);
    return check_eval_gate(subject(one.object, *object), known);
  }
  const auto object = parsed<api::ModelDeployment>(one.object);
  if (one.before.is_null()) return check_model_deployment(subject(one.object, *object), known);
  const auto stored = parsed<api::ModelDeployment>(one.before);
  const auto before = subject(one.before, *stored);
  return told_anew(check_model_deployment(subject(one.object, *object), known, &before),
                   check_model_deployment(before, known));
}

template <class T>
std::shared_ptr<const T> named(const std::optional<rules::ByName<T>>& objects, const kube::ObjectKey& key) {
  const auto found = objects->find(key.name);
  return found == objects->end() || key.ns != "shop" ? nullptr : found->second;
}

}  // namespace

Cases read_cases() {
  Cases all;
  all.neighbours.prompt_versions.emplace();
  all.neighbours.guardrails.emplace();
  all.neighbours.eval_gates.emplace();
  std::ifstream file(LLMOPS_SOURCE_DIR "/tests/data/admission/cases.jsonl");
  std::vector<Json> lines;
  for (std::string line; std::getline(file, line);) {
    auto read = parse_json(line);
    if (!read.ok()) fail(read.error().message);
    if (read->contains("neighbour"))
      add(all.neighbours, (*read)["neighbour"]);
    else
      lines.push_back(std::move(*read));
  }
  const auto preamble = all.neighbours.prompt_versions->find("preamble-v1");
  if (preamble == all.neighbours.prompt_versions->end()) fail("PromptVersion preamble-v1 is missing");
  const std::string digest = rules::prompt_digest(rules::content_of(preamble->second->spec));
  for (auto& line : lines) {
    put(line, digest);
    Case one;
    one.name = line.at("case");
    one.object = line.at("object");
    if (line.contains("before")) one.before = line.at("before");
    if (line.contains("items")) one.items = line.at("items");
    one.says = said(line.value("says", Json::array()));
    one.admission = line.contains("admission") ? said(line.at("admission")) : one.says;
    all.cases.push_back(std::move(one));
  }
  return all;
}

Json golden_set_object(std::int64_t items) {
  std::string text;
  for (std::int64_t i = 0; i < items; ++i)
    text += R"({"id":"q)" + std::to_string(i) + R"(","input":"How long?","reference":"14 days"})" + "\n";
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", "golden"}, {"namespace", "shop"}}},
          {"data", {{"dataset.jsonl", std::move(text)}}}};
}

Said lint(const Case& one, const rules::Neighbours& known) {
  rules::Neighbours all = known;
  all.config_maps.emplace()["golden"] = std::make_shared<const Json>(golden_set_object(one.items));
  Said found;
  for (const auto& problem : problems_of(one, all))
    found.emplace_back(problem.severity == rules::Severity::Error ? "error" : "warning", problem.message);
  return found;
}

admission::Objects objects_of(const rules::Neighbours& known) {
  admission::Objects objects;
  objects.known = [](const std::string& ns) { return ns == "shop"; };
  objects.prompt_version = [&known](const kube::ObjectKey& key) { return named(known.prompt_versions, key); };
  objects.guardrail = [&known](const kube::ObjectKey& key) { return named(known.guardrails, key); };
  objects.eval_gate = [&known](const kube::ObjectKey& key) { return named(known.eval_gates, key); };
  return objects;
}

}  // namespace llmops
