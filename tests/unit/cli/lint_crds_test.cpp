// lint says what a real API server said: tests/integration/crd_validation holds objects that one accepted or
// refused, with its words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "crds/base/json.hpp"
#include "run_cli.hpp"

namespace llmops::cli {
namespace {

namespace fs = std::filesystem;
using testing_support::CliRun;
using testing_support::run_cli;

std::vector<fs::path> files_in(const std::string& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(LLMOPS_SOURCE_DIR) / folder))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Json errors_of(const CliRun& run) {
  auto out = parse_json(run.out);
  EXPECT_TRUE(out.ok()) << run.out << run.err;
  Json errors = Json::array();
  if (out.ok())
    for (const Json& problem : (*out)["problems"])
      if (problem["severity"] == "error") errors.push_back(problem);
  return errors;
}

// As kubectl prints it.
std::string told(const Json& problem) {
  return problem["field"].get<std::string>() + ": " + problem["message"].get<std::string>();
}

constexpr const char* kValidation = "tests/integration/crd_validation/";

// Which the schema lets through, and what admission and conditions say does not.
constexpr const char* kRefusedByAdmission = "promptversion-empty-content.yaml";

TEST(LintOfWhatAnApiServerJudged, FindsInTheOneThatOnlyAdmissionRefusesTheErrorOfAdmission) {
  const Json errors = errors_of(run_cli(
      {"lint", "-f", std::string(LLMOPS_SOURCE_DIR) + "/" + kValidation + "valid/" + kRefusedByAdmission,
       "-o", "json"}));
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(told(errors[0]), "spec.messages[0].content: found an empty message, allowed some text");
}

TEST(LintOfWhatAnApiServerJudged, FindsNoErrorInWhatWasAccepted) {
  std::vector<fs::path> files = files_in(std::string(kValidation) + "valid");
  for (const fs::path& example : files_in("tests/unit/api/testdata")) files.push_back(example);
  EXPECT_GT(files.size(), 25u);
  for (const fs::path& file : files) {
    if (file.filename() == kRefusedByAdmission) continue;
    const CliRun run = run_cli({"lint", "-f", file.string(), "-o", "json"});
    EXPECT_EQ(run.code, 0) << file << "\n" << run.out << run.err;
    EXPECT_EQ(run.last_line(), "valid") << file;
    EXPECT_EQ(errors_of(run), Json::array()) << file;
  }
}

TEST(LintOfWhatAnApiServerJudged, FindsInWhatWasRefusedAnErrorWithTheSameWords) {
  const auto files = files_in(std::string(kValidation) + "invalid");
  EXPECT_GT(files.size(), 100u);
  for (const fs::path& file : files) {
    const std::string text = text_of(file);
    const std::string expected = text.substr(std::string("# expect: ").size(), text.find('\n') - 10);
    const CliRun run = run_cli({"lint", "-f", file.string(), "-o", "json"});
    EXPECT_EQ(run.code, 1) << file;
    EXPECT_EQ(run.last_line(), "invalid") << file;
    const Json errors = errors_of(run);
    const bool said = std::any_of(errors.begin(), errors.end(), [&](const Json& problem) {
      return told(problem).find(expected) != std::string::npos;
    });
    EXPECT_TRUE(said) << file << "\nexpected: " << expected << "\nfound: " << run.out;
  }
}

// Lines and fields were read one by one before they were kept; a new file of `invalid` needs its line here.
TEST(LintOfWhatAnApiServerJudged, FindsThePlacesOfItsErrors) {
  std::string found;
  for (const fs::path& file : files_in(std::string(kValidation) + "invalid"))
    for (const Json& problem : errors_of(run_cli({"lint", "-f", file.string(), "-o", "json"})))
      found += file.stem().string() + ":" + std::to_string(problem["line"].get<int>()) + " " +
               problem["field"].get<std::string>() + "\n";
  EXPECT_EQ(found, text_of(fs::path(LLMOPS_SOURCE_DIR) / "tests/unit/cli/fixtures/lint_places.txt"));
}

TEST(LintOfOurOwnManifests, FindsNothingWrongInTheQuickstart) {
  const CliRun run =
      run_cli({"lint", "-f", std::string(LLMOPS_SOURCE_DIR) + "/e2e/quickstart", "-o", "json"});
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_EQ(run.err.find("0 objects"), std::string::npos) << run.err;
}

TEST(LintOfWhatAnApiServerJudged, LooksAtTheSecondDocumentOfAChangeAsAtANewObject) {
  for (const fs::path& file : files_in(std::string(kValidation) + "updates")) {
    const CliRun run = run_cli({"lint", "-f", file.string(), "-o", "json"});
    for (const Json& problem : errors_of(run))
      EXPECT_EQ(problem["message"].get<std::string>().find("immutable"), std::string::npos) << run.out;
  }
}

}  // namespace
}  // namespace llmops::cli
