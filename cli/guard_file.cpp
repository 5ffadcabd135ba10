#include "cli/guard_file.hpp"

#include <vector>

#include "cli/files.hpp"
#include "cli/yaml.hpp"
#include "crds/api/guardrail.hpp"
#include "crds/base/json.hpp"

namespace llmops::cli {

Result<wire::ResolvedGuardrail> read_guardrail(const std::string& path, const std::string& name,
                                               std::istream& in) {
  auto texts = read_manifests(path, in);
  if (!texts) return texts.error();
  std::vector<wire::ResolvedGuardrail> found;
  for (const NamedText& text : *texts) {
    auto documents = parse_yaml(text.text);
    if (!documents) return with_context(documents.error(), text.name);
    for (const Json& object : *documents) {
      if (!object.is_object() || string_at(object, "kind") != "Guardrail") continue;
      wire::ResolvedGuardrail guardrail;
      guardrail.name = string_at(object, "metadata.name");
      if (!name.empty() && guardrail.name != name) continue;
      auto parsed = api::Guardrail::parse(object);
      if (!parsed) return with_context(parsed.error(), text.name + ": Guardrail " + guardrail.name);
      guardrail.spec = std::move(parsed->spec);
      found.push_back(std::move(guardrail));
    }
  }
  if (found.size() != 1)
    return Error{ErrorCode::InvalidArgument,
                 path + ": found " +
                     (found.empty() ? "no Guardrail" : std::to_string(found.size()) + " Guardrails") +
                     (name.empty() ? "" : " named " + name) + ", allowed one (choose with --name)"};
  return std::move(found.front());
}

}  // namespace llmops::cli
