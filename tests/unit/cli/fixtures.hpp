// Objects of a real cluster, one release in each phase, and the records of support-bot in namespace shop.
#pragma once

#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>

#include "cli/explanation.hpp"
#include "cli/release.hpp"
#include "crds/base/json.hpp"
#include "operator/kube/object.hpp"

namespace llmops::testing_support {

// A moment after the last record of support-bot.
inline constexpr const char* kNow = "2026-11-21T10:29:42Z";

inline Timestamp at(const std::string& text) {
  return parse_timestamp(text).value();
}

inline Json read_fixture(const std::string& name) {
  std::ifstream file(std::string(LLMOPS_SOURCE_DIR) + "/tests/unit/cli/fixtures/" + name);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto parsed = parse_json(text);
  if (!parsed) throw std::runtime_error(name + ": " + parsed.error().message);
  return std::move(*parsed);
}

// A ModelDeployment in the phase of that name; "FirstDeploy" is Progressing without stable.
inline Json release_object(const char* phase) {
  static const Json kReleases = read_fixture("releases.json");
  return kReleases.at(phase);
}

inline cli::Release release(const Json& object) {
  auto read = cli::read_release(object);
  if (!read) throw std::runtime_error(read.error().message);
  return std::move(*read);
}

inline cli::Release release(const char* phase) {
  return release(release_object(phase));
}

inline cli::EvalRuns eval_runs() {
  cli::EvalRuns runs;
  for (const Json& object : read_fixture("evalruns.json"))
    runs.emplace(string_at(object, "metadata.name"), api::EvalRun::parse(object).value());
  return runs;
}

inline std::optional<Json> controller_revision(const std::string& name) {
  for (const Json& object : read_fixture("controllerrevisions.json"))
    if (string_at(object, "metadata.name") == name) return object;
  return std::nullopt;
}

}  // namespace llmops::testing_support
