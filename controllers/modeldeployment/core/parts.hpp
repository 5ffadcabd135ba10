// The parts of a stack and their identities: what a revision is.
//
// A revision is the resolved content of all parts. Its hash covers the RFC 8785 form of user-given fields
// only, under a recorded hash version; so neither an operator upgrade nor a new optional field of a CRD makes
// a new revision. Not in it: replicas, quotas, steps, gates.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crds/api/model_deployment.hpp"
#include "crds/api/shared.hpp"
#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "crds/wire/revision_body.hpp"

namespace llmops::release {

// How contents are normalised before hashing. A change of this text is a change of every hash: records keep
// the version they were made under.
inline constexpr std::string_view kHashVersion = "1";

// The largest content that a record may hold (a ControllerRevision lives in etcd).
inline constexpr std::size_t kMaxRevisionBytes = 256u << 10;

// Resolved content; a part that is absent is not in the map. The part Guardrail is the list of guardrails in
// their order, each as wire::ResolvedGuardrail; how a change of one reaches users is not in it.
struct Stack {
  std::map<api::Part, Json> parts;

  std::string canonical() const;     // RFC 8785 form of the document
  std::string hash() const;          // SHA-256 of that: over all parts
  std::string serving_hash() const;  // over the parts that need pods of their own: Model, Engine, Adapter
  std::map<api::Part, std::string> digests() const;

  // The document kept in a ControllerRevision, and back.
  Json to_document() const;
  static Result<Stack> from_document(const Json& document);

  friend bool operator==(const Stack&, const Stack&) = default;
};

// The stack that a spec asks for, its prompt (absent: requests pass untouched) and its guardrails (empty:
// none) resolved by the caller.
Stack stack_of(const api::ModelDeploymentSpec& spec, const std::optional<api::PromptContent>& prompt,
               const std::vector<wire::ResolvedGuardrail>& guardrails = {});

// The parts whose contents differ, in the order of the enumeration.
std::vector<api::Part> changed_parts(const Stack& from, const Stack& to);

// Typed views on parts.
Result<api::Model> model_of(const Stack& stack);
Result<api::Engine> engine_of(const Stack& stack);
Result<std::optional<api::Accelerator>> accelerator_of(const Stack& stack);
Result<std::optional<api::PodTemplate>> template_of(const Stack& stack);
Result<std::optional<api::PromptContent>> prompt_of(const Stack& stack);
Result<std::vector<wire::ResolvedGuardrail>> guardrails_of(const Stack& stack);

}  // namespace llmops::release
