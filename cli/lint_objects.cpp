#include "cli/lint_objects.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "crds/base/names.hpp"
#include "crds/structural/check.hpp"
#include "crds/structural/definitions.hpp"

namespace llmops::cli {
namespace {

using rules::Severity;

std::vector<std::string_view> our_kinds() {
  std::vector<std::string_view> kinds;
  for (const auto& definition : structural::definitions()) kinds.push_back(definition.kind);
  return kinds;
}

// "llmops.dev" of "llmops.dev/v1alpha1", nothing of "v1".
std::string_view group_of(std::string_view api_version) {
  const std::size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

struct Misnaming {
  std::string field;
  std::string message;
};

// What is wrong with the kind or version of an object that is, or was meant to be, one of ours.
std::optional<Misnaming> misnamed(const std::string& api_version, const std::string& kind) {
  const auto kinds = our_kinds();
  const bool known = std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  const std::string_view group = group_of(api_version);
  const bool meant =
      group == names::kGroup ||
      (known && (api_version.empty() || !structural::nearest_name(group, {names::kGroup}).empty()));
  if (!meant) return std::nullopt;
  if (!known) {
    std::string allowed;
    for (const std::string_view one : kinds) allowed += (allowed.empty() ? "" : ", ") + std::string(one);
    const std::string_view nearest = structural::nearest_name(kind, kinds);
    return Misnaming{"kind", "found \"" + kind + "\", allowed " + allowed +
                                 (nearest.empty() ? std::string() : "; nearest: " + std::string(nearest))};
  }
  if (api_version == names::kApiVersion) return std::nullopt;
  return Misnaming{"apiVersion",
                   "found \"" + api_version + "\", allowed \"" + std::string(names::kApiVersion) + "\""};
}

bool is_list(const Json& object, std::string_view api_version, std::string_view kind) {
  const auto items = object.find("items");
  return items != object.end() && items->is_array() && kind.ends_with("List") &&
         (api_version == "v1" || group_of(api_version) == names::kGroup);
}

void sort_in(LintObject read, LintObjects& objects) {
  const std::string api_version = string_at(read.object, "apiVersion");
  read.kind = string_at(read.object, "kind");
  if (read.object.is_object() && is_list(read.object, api_version, read.kind)) {
    Json& items = read.object["items"];
    for (std::size_t i = 0; i < items.size(); ++i) {
      LintObject item;
      item.file = read.file;
      item.object = std::move(items[i]);
      item.prefix = (read.prefix.empty() ? "" : read.prefix + ".") + "items[" + std::to_string(i) + "]";
      item.lines = read.lines;
      sort_in(std::move(item), objects);
    }
    return;
  }
  read.ns = string_at(read.object, "metadata.namespace");
  read.name = string_at(read.object, "metadata.name");
  if (const auto misnaming = misnamed(api_version, read.kind)) {
    objects.problems.push_back(read.problem(misnaming->field, misnaming->message, Severity::Error));
  } else if (group_of(api_version) == names::kGroup) {
    objects.ours.push_back(std::move(read));
  } else {
    ++objects.others;
    if (api_version == "v1" && read.kind == "ConfigMap") objects.config_maps.push_back(std::move(read));
  }
}

}  // namespace

int LintObject::line_of(std::string_view field) const {
  if (!lines) return 0;
  if (prefix.empty()) return lines->nearest(field);
  return lines->nearest(field.empty() ? prefix : prefix + "." + std::string(field));
}

LintProblem LintObject::problem(std::string field, std::string message, Severity severity) const {
  const int line = line_of(field);
  return {file,
          line,
          kind + " " + (ns.empty() ? "" : ns + "/") + (name.empty() ? "without name" : name),
          std::move(field),
          std::move(message),
          severity};
}

void add_objects(const NamedText& text, LintObjects& objects) {
  YamlStream stream = read_yaml(text.text, YamlDialect::Kubectl);
  if (stream.problem)
    objects.problems.push_back(
        {text.name, stream.problem->line, {}, {}, stream.problem->message, Severity::Error});
  for (YamlDocument& document : stream.documents) {
    LintObject read;
    read.file = text.name;
    read.object = std::move(document.value);
    read.lines = std::make_shared<const FieldLines>(std::move(document.lines));
    sort_in(std::move(read), objects);
  }
}

}  // namespace llmops::cli
