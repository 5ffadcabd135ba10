// Every vector of testdata/render, and of the folder in $RENDER_VECTORS, rendered as a prompt's text.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "crds/base/json.hpp"
#include "gateway/prompt/template.hpp"

namespace llmops::gateway {
namespace {

Json load(const std::filesystem::path& path) {
  std::ifstream file(path);
  auto parsed =
      parse_json(std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
  EXPECT_TRUE(parsed.ok()) << path << ": " << (parsed.ok() ? "" : parsed.error().message);
  return parsed.ok() ? *parsed : Json::array();
}

Result<RenderedText> render(const Json& vector, bool foreign = true) {
  TemplateFormat format{};
  if (auto known = api::from_string(vector["format"].get<std::string>(), format); !known.ok())
    return known.error();
  std::map<std::string, std::string> texts;
  for (const auto& [name, text] : vector["includes"].items()) texts[name] = text.get<std::string>();
  IncludeTexts includes;
  for (const auto& [name, text] : texts) includes[name] = &text;
  TemplateAllowance allowance;
  auto parsed = Template::parse(format, vector["template"].get<std::string>(), includes, allowance);
  if (!parsed.ok()) return parsed.error();
  Variables variables;
  const Json& inputs = vector["inputs"];
  if (inputs.is_object())
    for (auto input = inputs.begin(); input != inputs.end(); ++input)
      variables[input.key()] = Value{&input.value(), foreign};
  RenderBudget budget;
  return parsed->render(variables, budget);
}

std::size_t run_folder(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    for (const Json& vector : load(entry.path())) {
      ++count;
      const auto rendered = render(vector);
      const std::string where = entry.path().filename().string() + ": " + vector["name"].get<std::string>();
      EXPECT_TRUE(rendered.ok()) << where << ": " << (rendered.ok() ? "" : rendered.error().message);
      if (rendered.ok()) EXPECT_EQ(rendered->text, vector["expected"].get<std::string>()) << where;
    }
  }
  return count;
}

TEST(RenderVectors, OfThisProjectAllPass) {
  EXPECT_GE(run_folder(std::string(LLMOPS_SOURCE_DIR) + "/tests/unit/gateway/testdata/render"), 170u);
}

TEST(RenderVectors, OfTheFolderInTheEnvironmentAllPass) {
  const char* folder = std::getenv("RENDER_VECTORS");
  RecordProperty("vectors", folder ? static_cast<int>(run_folder(folder)) : 0);
}

// Every byte that is not written in the template comes from a value: without values nothing is foreign, and
// what is foreign is part of a value.
TEST(RenderVectors, KnowWhichBytesComeFromValues) {
  for (const char* name : {"jinja.json", "mustache.json"})
    for (const Json& vector :
         load(std::string(LLMOPS_SOURCE_DIR) + "/tests/unit/gateway/testdata/render/" + name)) {
      const auto trusted = render(vector, false);
      ASSERT_TRUE(trusted.ok());
      EXPECT_TRUE(trusted->foreign.empty()) << vector["name"];
      const auto rendered = render(vector);
      std::size_t end = 0;
      for (const ForeignRange& range : rendered->foreign) {
        EXPECT_LT(range.begin, range.end) << vector["name"];
        EXPECT_TRUE(range.begin > end || end == 0) << vector["name"];
        EXPECT_LE(range.end, rendered->text.size()) << vector["name"];
        end = range.end;
      }
    }
}

}  // namespace
}  // namespace llmops::gateway
