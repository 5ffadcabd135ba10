// A Guardrail from manifests.
#pragma once

#include <istream>
#include <string>

#include "crds/base/result.hpp"
#include "crds/wire/revision_body.hpp"

namespace llmops::cli {

// `path`: a file, a folder or "-". `name` chooses among several guardrails; empty when there is only one.
Result<wire::ResolvedGuardrail> read_guardrail(const std::string& path, const std::string& name,
                                               std::istream& in);

}  // namespace llmops::cli
