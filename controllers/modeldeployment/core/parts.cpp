#include "controllers/modeldeployment/core/parts.hpp"

#include "crds/base/digest.hpp"

namespace llmops::release {
namespace {

constexpr api::Part kAllParts[] = {api::Part::Model, api::Part::Adapter, api::Part::Engine, api::Part::Prompt,
                                   api::Part::Guardrail};

bool needs_pods(api::Part part) {
  return part == api::Part::Model || part == api::Part::Engine || part == api::Part::Adapter;
}

const Json* part(const Stack& stack, api::Part which) {
  const auto found = stack.parts.find(which);
  return found == stack.parts.end() ? nullptr : &found->second;
}

// The canonical form of a document of some parts, without a copy of them.
std::string canonical_document(const Stack& stack, bool (*is_in)(api::Part)) {
  std::map<std::string_view, const Json*> by_name;
  for (const auto& [which, content] : stack.parts)
    if (is_in(which)) by_name[to_string(which)] = &content;
  std::string text = R"({"hashVersion":)" + canonical_json(kHashVersion) + R"(,"parts":{)";
  for (const auto& [name, content] : by_name) {
    if (text.back() != '{') text += ',';
    text.append(1, '"').append(name).append("\":").append(canonical_json(*content));
  }
  return text + "}}";
}

template <class T>
Result<std::optional<T>> optional_field(const Stack& stack, api::Part which, const char* field) {
  const Json* content = part(stack, which);
  if (!content) return std::optional<T>();
  const auto found = content->find(field);
  if (found == content->end()) return std::optional<T>();
  auto parsed = T::parse(*found);
  if (!parsed.ok()) return parsed.error();
  return std::optional<T>(std::move(*parsed));
}

}  // namespace

std::string Stack::canonical() const {
  return canonical_document(*this, [](api::Part) { return true; });
}

std::string Stack::hash() const {
  return sha256_hex(canonical());
}

std::string Stack::serving_hash() const {
  return sha256_hex(canonical_document(*this, needs_pods));
}

std::map<api::Part, std::string> Stack::digests() const {
  std::map<api::Part, std::string> digests;
  for (const auto& [which, content] : parts) digests[which] = digest_of(content);
  return digests;
}

Json Stack::to_document() const {
  Json document = {{"hashVersion", kHashVersion}, {"parts", Json::object()}};
  for (const auto& [which, content] : parts) document["parts"][std::string(to_string(which))] = content;
  return document;
}

Result<Stack> Stack::from_document(const Json& document) {
  const Json* recorded = find_path(document, "parts");
  if (!recorded || !recorded->is_object())
    return Error{ErrorCode::InvalidArgument, "revision record: parts: found nothing, allowed an object"};
  Stack stack;
  for (const api::Part which : kAllParts) {
    const auto found = recorded->find(std::string(to_string(which)));
    if (found != recorded->end()) stack.parts[which] = *found;
  }
  return stack;
}

Stack stack_of(const api::ModelDeploymentSpec& spec, const std::optional<api::PromptContent>& prompt,
               const std::vector<wire::ResolvedGuardrail>& guardrails) {
  Stack stack;
  const api::PodsBackend& pods = spec.backend.pods;
  stack.parts[api::Part::Model] = pods.model.to_json();
  Json engine = {{"engine", pods.engine.to_json()}};
  if (pods.accelerator) engine["accelerator"] = pods.accelerator->to_json();
  if (pods.template_) engine["template"] = pods.template_->to_json();
  stack.parts[api::Part::Engine] = std::move(engine);
  if (prompt) stack.parts[api::Part::Prompt] = prompt->to_json();
  for (const auto& guardrail : guardrails) stack.parts[api::Part::Guardrail].push_back(guardrail.to_json());
  return stack;
}

std::vector<api::Part> changed_parts(const Stack& from, const Stack& to) {
  std::vector<api::Part> changed;
  for (const api::Part which : kAllParts) {
    const Json* before = part(from, which);
    const Json* after = part(to, which);
    if ((before == nullptr) != (after == nullptr) || (before && *before != *after)) changed.push_back(which);
  }
  return changed;
}

Result<api::Model> model_of(const Stack& stack) {
  const Json* content = part(stack, api::Part::Model);
  if (!content) return Error{ErrorCode::InvalidArgument, "revision record: parts.Model is missing"};
  return api::Model::parse(*content);
}

Result<api::Engine> engine_of(const Stack& stack) {
  auto engine = optional_field<api::Engine>(stack, api::Part::Engine, "engine");
  if (!engine.ok()) return engine.error();
  if (!*engine) return Error{ErrorCode::InvalidArgument, "revision record: parts.Engine.engine is missing"};
  return std::move(**engine);
}

Result<std::optional<api::Accelerator>> accelerator_of(const Stack& stack) {
  return optional_field<api::Accelerator>(stack, api::Part::Engine, "accelerator");
}

Result<std::optional<api::PodTemplate>> template_of(const Stack& stack) {
  return optional_field<api::PodTemplate>(stack, api::Part::Engine, "template");
}

Result<std::optional<api::PromptContent>> prompt_of(const Stack& stack) {
  const Json* content = part(stack, api::Part::Prompt);
  if (!content) return std::optional<api::PromptContent>();
  auto parsed = api::PromptContent::parse(*content);
  if (!parsed.ok()) return parsed.error();
  return std::optional<api::PromptContent>(std::move(*parsed));
}

Result<std::vector<wire::ResolvedGuardrail>> guardrails_of(const Stack& stack) {
  std::vector<wire::ResolvedGuardrail> guardrails;
  const Json* content = part(stack, api::Part::Guardrail);
  if (!content) return guardrails;
  const FieldPath path = FieldPath().member("Guardrail");
  for (std::size_t i = 0; i < content->size(); ++i) {
    auto parsed = wire::ResolvedGuardrail::parse((*content)[i], path.index(i));
    if (!parsed.ok()) return with_context(parsed.error(), "revision record");
    guardrails.push_back(std::move(*parsed));
  }
  return guardrails;
}

}  // namespace llmops::release
