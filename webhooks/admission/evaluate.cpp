#include "webhooks/admission/evaluate.hpp"

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "crds/base/names.hpp"
#include "operator/kube/object.hpp"
#include "webhooks/rules/catalogue.hpp"
#include "webhooks/rules/strategy.hpp"

namespace llmops::admission {
namespace {

using rules::Neighbours;
using rules::Problem;

// More prompts than this are not followed through includes of includes.
constexpr std::size_t kMaxPrompts = 64;

// An object with what the rules read of its metadata.
template <class T>
struct Read {
  kube::ObjectMeta meta;
  T object;
  rules::Subject<T> subject(const Review& review) const {
    // The name of a new object with generateName is not made yet.
    return {review.ns, meta.name.empty() ? review.name : meta.name, object, meta.generation,
            meta.annotation(names::kCommand)};
  }
};

template <class T>
Result<Read<T>> read(const Json& document) {
  auto object = T::parse(document);
  if (!object.ok()) return object.error();
  return Read<T>{kube::parse_meta(document), std::move(object).value()};
}

void add_prompts(const Objects& objects, const std::string& ns, std::vector<std::string> names,
                 rules::ByName<api::PromptVersion>& into) {
  std::set<std::string> looked_at;
  while (!names.empty() && looked_at.size() < kMaxPrompts) {
    const std::string name = std::move(names.back());
    names.pop_back();
    if (!looked_at.insert(name).second) continue;
    auto found = objects.prompt_version({ns, name});
    if (!found) continue;
    for (const auto& include : found->spec.includes) names.push_back(include.name);
    into.emplace(name, std::move(found));
  }
}

std::vector<std::string> prompts_of(const api::PromptVersionSpec& spec) {
  std::vector<std::string> names;
  for (const auto& include : spec.includes) names.push_back(include.name);
  return names;
}

std::vector<std::string> prompts_of(const api::ModelDeploymentSpec& spec) {
  std::vector<std::string> names;
  if (spec.prompt_ref) names.push_back(spec.prompt_ref->name);
  if (spec.prompt)
    for (const auto& include : spec.prompt->includes) names.push_back(include.name);
  return names;
}

Neighbours beside(const api::PromptVersionSpec& spec, const Objects& objects, const std::string& ns) {
  Neighbours known;
  add_prompts(objects, ns, prompts_of(spec), known.prompt_versions.emplace());
  return known;
}

Neighbours beside(const api::ModelDeploymentSpec& spec, const Objects& objects, const std::string& ns) {
  Neighbours known;
  add_prompts(objects, ns, prompts_of(spec), known.prompt_versions.emplace());
  auto& guardrails = known.guardrails.emplace();
  for (const auto& reference : spec.guardrail_refs)
    if (auto found = objects.guardrail({ns, reference.name}))
      guardrails.emplace(reference.name, std::move(found));
  auto& gates = known.eval_gates.emplace();
  for (const auto& name : rules::gates_of(spec))
    if (auto found = objects.eval_gate({ns, name})) gates.emplace(name, std::move(found));
  return known;
}

std::vector<Problem> find(const Review& review, const Read<api::PromptVersion>& now,
                          const Read<api::PromptVersion>*, const Objects& objects) {
  const bool known = objects.known(review.ns);
  return check_prompt_version(now.subject(review),
                              known ? beside(now.object.spec, objects, review.ns) : Neighbours());
}

std::vector<Problem> find(const Review& review, const Read<api::Guardrail>& now, const Read<api::Guardrail>*,
                          const Objects&) {
  return check_guardrail(now.subject(review));
}

// Golden sets are not cached: what is told here is what no golden set could repair.
std::vector<Problem> find(const Review& review, const Read<api::EvalGate>& now, const Read<api::EvalGate>*,
                          const Objects&) {
  return check_eval_gate(now.subject(review), Neighbours());
}

std::vector<Problem> find(const Review& review, const Read<api::ModelDeployment>& now,
                          const Read<api::ModelDeployment>* before, const Objects& objects) {
  Neighbours known;
  if (objects.known(review.ns)) {
    known = beside(now.object.spec, objects, review.ns);
    if (before) add_prompts(objects, review.ns, prompts_of(before->object.spec), *known.prompt_versions);
  }
  if (!before) return check_model_deployment(now.subject(review), known);
  const auto stored = before->subject(review);
  return check_model_deployment(now.subject(review), known, &stored);
}

template <class T>
bool nothing_new(const Read<T>& now, const Read<T>& before) {
  return now.object.spec == before.object.spec &&
         now.meta.annotation(names::kCommand) == before.meta.annotation(names::kCommand);
}

Answer answer_of(std::vector<Problem> problems) {
  Answer answer;
  for (auto& problem : problems) {
    if (problem.severity == rules::Severity::Warning) {
      answer.warnings.push_back(std::move(problem.message));
      continue;
    }
    answer.allowed = false;
    answer.message += (answer.message.empty() ? "" : "; ") + problem.message;
  }
  return answer;
}

template <class T>
Answer evaluate_as(const Review& review, const Objects& objects) {
  auto now = read<T>(review.object);
  if (!now.ok()) {
    Answer answer;
    answer.warnings.push_back("the operator that runs cannot read this object: " + now.error().message);
    return answer;
  }
  if (now->meta.deletion_timestamp) return {};
  std::optional<Read<T>> before;
  if (review.before.is_object())
    if (auto stored = read<T>(review.before); stored.ok()) before = std::move(*stored);
  if (before && nothing_new(*now, *before)) return {};
  auto problems = find(review, *now, before ? &*before : nullptr, objects);
  if (before && rules::has_error(problems))
    problems = rules::told_anew(std::move(problems), find(review, *before, nullptr, objects));
  return answer_of(std::move(problems));
}

}  // namespace

Answer evaluate(const Review& review, const Objects& objects) {
  const bool written = review.operation == "CREATE" || review.operation == "UPDATE";
  if (!written || !review.sub_resource.empty()) return {};
  if (review.kind == kube::kPromptVersions.kind) return evaluate_as<api::PromptVersion>(review, objects);
  if (review.kind == kube::kGuardrails.kind) return evaluate_as<api::Guardrail>(review, objects);
  if (review.kind == kube::kEvalGates.kind) return evaluate_as<api::EvalGate>(review, objects);
  if (review.kind == kube::kModelDeployments.kind) return evaluate_as<api::ModelDeployment>(review, objects);
  return {};
}

}  // namespace llmops::admission
