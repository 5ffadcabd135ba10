#include "gateway/schema/json_schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace llmops::schema {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

Json json(std::string_view text) {
  return parse_json(text, {8u << 20, 600}).value();
}

JsonSchema compiled(const Json& schema) {
  auto result = JsonSchema::compile(schema);
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
  return *result;
}

std::string first(std::string_view schema, std::string_view value) {
  const auto found = compiled(json(schema)).validate(json(value));
  return found.empty() ? "" : found.front().to_string();
}

std::string refusal(std::string_view schema) {
  auto result = JsonSchema::compile(json(schema));
  EXPECT_FALSE(result.ok()) << schema;
  return result.ok() ? "" : result.error().message;
}

TEST(JsonSchema, AnswersEveryCaseOfItsTable) {
  std::ifstream file(std::string(LLMOPS_SOURCE_DIR) + "/tests/unit/gateway/testdata/json_schema_cases.json");
  const Json groups =
      json(std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
  std::size_t cases = 0;
  for (const Json& group : groups) {
    const JsonSchema schema = compiled(group["schema"]);
    for (const bool valid : {true, false})
      for (const Json& value : group[valid ? "valid" : "invalid"]) {
        ++cases;
        EXPECT_EQ(schema.validate(value).empty(), valid) << group["schema"] << "\n" << value;
      }
  }
  EXPECT_GE(cases, 150u);
}

TEST(JsonSchema, NamesThePlaceWhatWasFoundAndWhatIsAllowed) {
  constexpr auto kOrder = R"({"type":"object","required":["lines"],"additionalProperties":false,"properties":{
      "lines":{"type":"array","items":{"type":"object","properties":{"price":{"type":"number","minimum":0}}}},
      "a/b~c":{"enum":["x","y"]}}})";
  EXPECT_EQ(first(kOrder, R"({"lines":[{"price":1},{"price":"free"}]})"),
            "/lines/1/price: found \"free\", allowed a number");
  EXPECT_EQ(first(kOrder, R"({"lines":[{"price":-1}]})"), "/lines/0/price: found -1, allowed at least 0");
  EXPECT_EQ(first(kOrder, R"({})"), "/lines: found nothing, allowed a value");
  EXPECT_EQ(first(kOrder, R"({"lines":[],"more":1})"),
            "/more: found 1, allowed no such member, only a/b~c, lines");
  EXPECT_EQ(first(kOrder, R"({"lines":[],"a/b~c":"z"})"),
            "/a~1b~0c: found \"z\", allowed one of \"x\", \"y\"");
  EXPECT_EQ(first(R"({"type":["string","null"]})", "3"), "found 3, allowed null or a text");
  EXPECT_EQ(
      first(R"({"anyOf":[{"type":"integer"},{"properties":{"a":{"type":"integer"}}}]})", R"({"a":"x"})"),
      "found an object, allowed one of the 2 alternatives of anyOf (nearest: /a: found \"x\", allowed an "
      "integer)");
}

TEST(JsonSchema, TellsAtMostAsManyViolationsAsAreAskedFor) {
  const auto schema = compiled(json(R"({"items":{"type":"string"}})"));
  EXPECT_EQ(schema.validate(json("[1,2,3,4]")).size(), 4u);
  EXPECT_EQ(schema.validate(json("[1,2,3,4]"), 2).size(), 2u);
}

TEST(JsonSchema, RefusesAKeywordThatItDoesNotCheckAndNamesTheOnesItDoes) {
  const std::string message = refusal(R"({"properties":{"a":{"if":{},"then":{}}}})");
  EXPECT_THAT(message,
              HasSubstr("/properties/a/if: found a keyword that is not supported, allowed type, enum"));
  EXPECT_THAT(refusal(R"({"typ":"string"})"), HasSubstr("/typ: "));
  EXPECT_THAT(refusal(R"({"$dynamicRef":"#a"})"), HasSubstr("/$dynamicRef"));
}

TEST(JsonSchema, AcceptsAnnotations) {
  compiled(json(
      R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"x","title":"t","description":"d",
      "examples":[1],"$comment":"c","format":"date","deprecated":true,"x-order":1,"default":5})"));
}

TEST(JsonSchema, RefusesSchemasThatCannotBeMeant) {
  EXPECT_THAT(refusal(R"("string")"), HasSubstr("the schema: found \"string\", allowed an object"));
  EXPECT_THAT(refusal(R"({"type":"text"})"), HasSubstr("/type: found \"text\", allowed null"));
  EXPECT_THAT(refusal(R"({"items":3})"), HasSubstr("/items: found 3"));
  EXPECT_THAT(refusal(R"({"enum":[]})"), HasSubstr("/enum"));
  EXPECT_THAT(refusal(R"({"minLength":-1})"), HasSubstr("/minLength"));
  EXPECT_THAT(refusal(R"({"maxItems":1.5})"), HasSubstr("/maxItems"));
  EXPECT_THAT(refusal(R"({"multipleOf":0})"), HasSubstr("/multipleOf"));
  EXPECT_THAT(refusal(R"({"required":[1]})"), HasSubstr("/required"));
  EXPECT_THAT(refusal(R"({"anyOf":[]})"), HasSubstr("/anyOf"));
  EXPECT_THAT(refusal(R"s({"pattern":"(?=x)"})s"), HasSubstr("/pattern: found the pattern \"(?=x)\""));
  EXPECT_THAT(refusal(R"({"patternProperties":{"(":true}})"), HasSubstr("/patternProperties/("));
  EXPECT_THAT(refusal(R"({"$ref":"https://example.com/s.json"})"), HasSubstr("nothing is fetched"));
  EXPECT_THAT(refusal(R"({"items":{"$id":"inner"}})"), HasSubstr("/items/$id: found \"inner\""));
  EXPECT_THAT(refusal(R"({"properties":{"a":{"$ref":"#/$defs/b"}}})"),
              HasSubstr("/properties/a/$ref: found \"#/$defs/b\", where no schema is"));
}

TEST(JsonSchema, BoundsTheSchema) {
  Json deep = true;
  for (int i = 0; i < 80; ++i) deep = Json{{"not", deep}};
  EXPECT_EQ(JsonSchema::compile(deep).error().code, ErrorCode::TooLarge);
  EXPECT_EQ(JsonSchema::compile(Json{{"title", std::string(70'000, 'x')}}).error().code, ErrorCode::TooLarge);
  Json wide = Json::array();
  for (int i = 0; i < 5000; ++i) wide.push_back(true);
  EXPECT_EQ(JsonSchema::compile(Json{{"anyOf", wide}}).error().code, ErrorCode::TooLarge);
}

TEST(JsonSchema, FailsClosedWhenAValueNeedsMoreThanItsBounds) {
  EXPECT_THAT(first(R"({"$ref":"#"})", "1"), HasSubstr("100000 steps and 128 levels"));
  EXPECT_THAT(first(R"({"not":{"$ref":"#"}})", "1"), HasSubstr("steps"));
  // Each level tries the next one twice: 2^64 steps without a bound.
  EXPECT_THAT(first(R"({"anyOf":[{"items":{"$ref":"#"},"maxItems":1,"not":true},
                                 {"items":{"$ref":"#"},"maxItems":1,"not":true},{"type":"string"}]})",
                    std::string(60, '[') + std::string(60, ']')),
              HasSubstr("steps"));
  std::string many = "[";
  for (int i = 0; i < 120'000; ++i) many += "1,";
  EXPECT_THAT(first(R"({"items":{"type":"integer"}})", many + "1]"), HasSubstr("steps"));
}

TEST(JsonSchema, ReadsRecursiveSchemas) {
  constexpr auto kTree = R"({"$ref":"#/$defs/tree","$defs":{"tree":{"type":"object","required":["name"],
      "properties":{"name":{"type":"string"},"children":{"type":"array","items":{"$ref":"#/$defs/tree"}}}}}})";
  EXPECT_EQ(first(kTree, R"({"name":"a","children":[{"name":"b","children":[{"name":"c"}]}]})"), "");
  EXPECT_EQ(first(kTree, R"({"name":"a","children":[{"name":"b","children":[{}]}]})"),
            "/children/0/children/0/name: found nothing, allowed a value");
}

TEST(JsonSchema, AddsDefaultsWhereMembersAreAbsent) {
  const auto schema =
      compiled(json(R"({"properties":{"tone":{"default":"kind"},"size":{"$ref":"#/$defs/size"},
      "lines":{"items":{"properties":{"count":{"default":1}}}}},"$defs":{"size":{"default":3}}})"));
  Json value = json(R"({"lines":[{},{"count":2}]})");
  schema.add_defaults(value);
  EXPECT_EQ(value, json(R"({"tone":"kind","size":3,"lines":[{"count":1},{"count":2}]})"));
  EXPECT_EQ(schema.default_value(), nullptr);
  EXPECT_EQ(*compiled(json(R"({"default":[1]})")).default_value(), json("[1]"));
}

TEST(JsonSchema, DoesNotGrowADefaultThatRefersToItself) {
  const auto schema = compiled(json(R"({"properties":{"a":{"$ref":"#/$defs/n"}},
      "$defs":{"n":{"default":{},"properties":{"a":{"$ref":"#/$defs/n"},"b":{"$ref":"#/$defs/n"}}}}})"));
  Json value = Json::object();
  schema.add_defaults(value);
  EXPECT_EQ(value, json(R"({"a":{}})"));
}

}  // namespace
}  // namespace llmops::schema
