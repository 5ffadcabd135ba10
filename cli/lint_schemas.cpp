#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "cli/lint_checks.hpp"
#include "crds/structural/check.hpp"
#include "crds/structural/definitions.hpp"

namespace llmops::cli {
namespace {

using rules::Severity;
using Schemas = std::map<std::string, Result<std::unique_ptr<const structural::Schema>>, std::less<>>;

Result<std::unique_ptr<const structural::Schema>> schema_of(const std::string& kind) {
  for (const auto& definition : structural::definitions())
    if (definition.kind == kind) {
      const auto json = parse_json(definition.schema_json);
      if (!json) return json.error();
      return structural::read_schema(*json);
    }
  return Error{ErrorCode::NotFound, "no schema of " + kind};
}

void check(LintObject& object, const structural::Schema& schema, std::vector<LintProblem>& problems) {
  structural::Check check = structural::check_object(object.object, schema);
  object.sound = check.findings.empty();
  for (structural::Finding& finding : check.findings)
    problems.push_back(object.problem(std::move(finding.field), std::move(finding.message), Severity::Error));
  if (!check.rules_checked)
    problems.push_back(
        object.problem("", "its rules were not checked: mend the errors first", Severity::Warning));
}

}  // namespace

void check_schemas(LintObjects& objects, std::vector<LintProblem>& problems) {
  Schemas schemas;
  for (LintObject& object : objects.ours) {
    auto found = schemas.find(object.kind);
    if (found == schemas.end()) found = schemas.emplace(object.kind, schema_of(object.kind)).first;
    if (const auto& schema = found->second; schema.ok())
      check(object, **schema, problems);
    else
      problems.push_back(object.problem("", schema.error().message, Severity::Error));
  }
}

void check_doubles(const LintObjects& objects, std::vector<LintProblem>& problems) {
  std::map<std::tuple<std::string, std::string, std::string>, const LintObject*> first;
  for (const auto* list : {&objects.ours, &objects.config_maps})
    for (const LintObject& object : *list) {
      if (object.name.empty()) continue;
      const auto [at, is_new] = first.emplace(std::tuple(object.kind, object.ns, object.name), &object);
      if (is_new) continue;
      const LintObject& before = *at->second;
      problems.push_back(object.problem("metadata.name",
                                        "found a second time, allowed once; first: " + before.file + ":" +
                                            std::to_string(before.line_of("metadata.name")),
                                        Severity::Error));
    }
}

}  // namespace llmops::cli
