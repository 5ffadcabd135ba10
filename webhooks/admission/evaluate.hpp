// The answer to one question: pure functions of the object, of what it was, and of what is known beside it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "operator/kube/resource.hpp"
#include "webhooks/admission/review.hpp"
#include "webhooks/rules/neighbours.hpp"

namespace llmops::admission {

// What the program knows of other objects, from its caches: nothing is fetched for a question.
struct Objects {
  // Whether the objects of a namespace are known now: the caches are warm, and look there.
  std::function<bool(const std::string& ns)> known;
  // Null where there is no such object.
  std::function<std::shared_ptr<const api::PromptVersion>(const kube::ObjectKey&)> prompt_version;
  std::function<std::shared_ptr<const api::Guardrail>(const kube::ObjectKey&)> guardrail;
  std::function<std::shared_ptr<const api::EvalGate>(const kube::ObjectKey&)> eval_gate;
};

// Refused is what the rules call an Error and what was not there before; everything else that they find is a
// warning. What this program cannot read (a field of a newer version) is let through with a warning.
Answer evaluate(const Review& review, const Objects& objects);

}  // namespace llmops::admission
