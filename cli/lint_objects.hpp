// The objects of manifests, with the lines of their fields.
#pragma once

#include <cstddef>
#include <istream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/files.hpp"
#include "cli/lint_problem.hpp"
#include "cli/yaml.hpp"
#include "crds/base/json.hpp"
#include "crds/base/result.hpp"

namespace llmops::cli {

struct LintObject {
  std::string file;
  Json object;
  std::string kind;
  std::string ns;      // empty: what kubectl or a Kustomization decides
  std::string name;    // empty: the object has none
  std::string prefix;  // of its fields in the document: "items[2]" in a List
  std::shared_ptr<const FieldLines> lines;
  bool sound = false;  // an API server would take it, as far as schemas and rules of the CRD say

  // The line of a field, or of the nearest one around it.
  int line_of(std::string_view field) const;
  LintProblem problem(std::string field, std::string message, rules::Severity severity) const;
};

struct LintObjects {
  std::vector<LintObject> ours;  // of llmops.dev/v1alpha1, of a kind that is known
  std::vector<LintObject> config_maps;
  std::size_t others = 0;             // of other kinds, ConfigMaps among them
  std::vector<LintProblem> problems;  // what is no YAML, and kinds and versions of llmops.dev that are none
};

// Adds what `text` holds; Lists are opened.
void add_objects(const NamedText& text, LintObjects& objects);

}  // namespace llmops::cli
