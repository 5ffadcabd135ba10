#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "cli/lint_checks.hpp"
#include "crds/api/eval_gate.hpp"
#include "crds/api/guardrail.hpp"
#include "crds/api/model_deployment.hpp"
#include "crds/api/prompt_version.hpp"
#include "crds/base/names.hpp"
#include "webhooks/rules/catalogue.hpp"

namespace llmops::cli {
namespace {

using rules::Severity;

// Reasons of warnings that say what is not there.
constexpr std::array<std::string_view, 2> kMissing = {"ReferenceMissing", "DatasetNotFound"};
// Admission warns of these, since the other object can still be mended; here it is there, and does not fit.
constexpr std::array<std::string_view, 5> kUnfit = {
    "DatasetKeyNotFound", "DatasetInvalid", "MarginUnreachable", "ObjectiveUnreachable", "NothingFails"};

// Told at the other object itself, which is among the manifests.
constexpr std::array<std::string_view, 2> kToldElsewhere = {"GuardrailBroken", "GateUndecided"};

template <std::size_t n>
bool among(const std::array<std::string_view, n>& reasons, std::string_view reason) {
  return std::find(reasons.begin(), reasons.end(), reason) != reasons.end();
}

// What stands in a column of its own.
void drop_front(std::string& message, const std::string& front) {
  if (message.starts_with(front)) message.erase(0, front.size());
}

LintProblem told(const LintObject& object, rules::Problem found) {
  if (among(kUnfit, found.reason)) found.severity = Severity::Error;
  drop_front(found.message, "guardrail " + object.name + ": ");
  drop_front(found.message, found.field + ": ");
  if (found.field.starts_with("spec.")) drop_front(found.message, found.field.substr(5) + ": ");
  if (among(kMissing, found.reason)) found.message += " (looked for among these manifests only)";
  return object.problem(std::move(found.field), std::move(found.message), found.severity);
}

template <class T>
struct Read {
  const LintObject* source = nullptr;
  std::shared_ptr<const T> object;  // null: not sound
};

bool same_namespace(const std::string& left, const std::string& right) {
  return left.empty() || right.empty() || left == right;
}

// The objects of one kind by name, as the namespace `ns` has them; nothing when one of them is not sound.
template <class T>
std::optional<rules::ByName<T>> by_name(const std::vector<Read<T>>& all, const std::string& ns) {
  rules::ByName<T> named;
  for (const bool exactly : {true, false})
    for (const Read<T>& one : all) {
      if (exactly ? one.source->ns != ns : !same_namespace(one.source->ns, ns)) continue;
      if (!one.object) return std::nullopt;
      named.emplace(one.source->name, one.object);
    }
  return named;
}

class RuleCheck {
 public:
  RuleCheck(const LintObjects& objects, std::vector<LintProblem>& problems) : problems_(problems) {
    prompts_ = read<api::PromptVersion>(objects, "PromptVersion");
    guardrails_ = read<api::Guardrail>(objects, "Guardrail");
    gates_ = read<api::EvalGate>(objects, "EvalGate");
    deployments_ = read<api::ModelDeployment>(objects, "ModelDeployment");
    for (const LintObject& object : objects.config_maps)
      config_maps_.push_back({&object, std::make_shared<const Json>(object.object)});
  }

  void check() {
    check_all(prompts_, [](const auto& subject, const rules::Neighbours& known) {
      return rules::check_prompt_version(subject, known);
    });
    check_all(guardrails_,
              [](const auto& subject, const rules::Neighbours&) { return rules::check_guardrail(subject); });
    check_all(gates_, [](const auto& subject, const rules::Neighbours& known) {
      return rules::check_eval_gate(subject, known);
    });
    check_all(deployments_, [](const auto& subject, const rules::Neighbours& known) {
      return rules::check_model_deployment(subject, known);
    });
  }

 private:
  template <class T>
  std::vector<Read<T>> read(const LintObjects& objects, std::string_view kind) {
    std::vector<Read<T>> all;
    for (const LintObject& object : objects.ours) {
      if (object.kind != kind) continue;
      Read<T> one{&object, nullptr};
      if (object.sound) {
        auto parsed = T::parse(object.object);
        if (parsed)
          one.object = std::make_shared<const T>(std::move(*parsed));
        else
          problems_.push_back(object.problem("", parsed.error().message, Severity::Error));
      }
      all.push_back(std::move(one));
    }
    return all;
  }

  const rules::Neighbours& neighbours_in(const std::string& ns) {
    const auto [at, is_new] = neighbours_.try_emplace(ns);
    if (is_new)
      at->second = {by_name(prompts_, ns), by_name(guardrails_, ns), by_name(gates_, ns),
                    by_name(config_maps_, ns)};
    return at->second;
  }

  template <class T, class Rules>
  void check_all(const std::vector<Read<T>>& all, Rules rules) {
    for (const Read<T>& one : all) {
      if (!one.object) continue;
      const LintObject& source = *one.source;
      // Where no namespace stands kubectl takes "default"; only messages show it.
      const rules::Subject<T> subject{source.ns.empty() ? "default" : source.ns, source.name, *one.object};
      for (rules::Problem& problem : rules(subject, neighbours_in(source.ns)))
        if (!among(kToldElsewhere, problem.reason)) problems_.push_back(told(source, std::move(problem)));
    }
  }

  std::vector<LintProblem>& problems_;
  std::vector<Read<api::PromptVersion>> prompts_;
  std::vector<Read<api::Guardrail>> guardrails_;
  std::vector<Read<api::EvalGate>> gates_;
  std::vector<Read<api::ModelDeployment>> deployments_;
  std::vector<Read<Json>> config_maps_;
  std::map<std::string, rules::Neighbours> neighbours_;
};

}  // namespace

void check_rules(const LintObjects& objects, std::vector<LintProblem>& problems) {
  RuleCheck(objects, problems).check();
}

}  // namespace llmops::cli
