// Every schema and every rule of our CRDs is understood: a rule outside of the subset cannot slip by.
#include <gtest/gtest.h>

#include "crds/structural/definitions.hpp"
#include "crds/structural/schema.hpp"

namespace llmops::structural {
namespace {

std::size_t rules_in(const Schema& schema) {
  std::size_t count = schema.rules.size();
  for (const auto& [name, member] : schema.properties) count += rules_in(*member);
  if (schema.items) count += rules_in(*schema.items);
  if (schema.additional) count += rules_in(*schema.additional);
  return count;
}

std::size_t times(std::string_view word, std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

TEST(CrdRules, EveryRuleOfEveryCrdIsCompiled) {
  std::size_t kinds = 0, rules = 0;
  for (const Definition& definition : definitions()) {
    const auto json = parse_json(definition.schema_json);
    ASSERT_TRUE(json.ok()) << definition.kind;
    const auto schema = read_schema(*json);
    ASSERT_TRUE(schema.ok()) << definition.kind << ": " << schema.error().message;
    EXPECT_EQ(rules_in(**schema), times("\"rule\":", definition.schema_json)) << definition.kind;
    rules += rules_in(**schema);
    ++kinds;
  }
  EXPECT_EQ(kinds, 5u);
  EXPECT_GE(rules, 79u);
}

}  // namespace
}  // namespace llmops::structural
