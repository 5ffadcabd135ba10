// Objects against structural schemas, in the words of the API server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crds/structural/check.hpp"

namespace llmops::structural {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::unique_ptr<const Schema> schema_of(const std::string& spec,
                                        const std::string& status = R"({"type":"object"})") {
  auto read = read_schema(Json::parse(R"({"type":"object","required":["spec"],"properties":{
      "apiVersion":{"type":"string"},"kind":{"type":"string"},"metadata":{"type":"object"},"status":)" +
                                      status + R"(,"spec":)" + spec + "}}"));
  EXPECT_TRUE(read.ok()) << read.error().message;
  return read.ok() ? std::move(*read) : nullptr;
}

Json object_with(const std::string& spec, const std::string& metadata = R"({"name":"a"})") {
  return {
      {"apiVersion", "v1"}, {"kind", "K"}, {"metadata", Json::parse(metadata)}, {"spec", Json::parse(spec)}};
}

// "field: message" of each finding.
std::vector<std::string> found(const std::string& schema, const std::string& spec) {
  std::vector<std::string> lines;
  for (const Finding& finding : check_object(object_with(spec), *schema_of(schema)).findings)
    lines.push_back(finding.field + ": " + finding.message);
  return lines;
}

std::vector<std::string> found_in_metadata(const std::string& metadata) {
  std::vector<std::string> lines;
  for (const Finding& finding :
       check_object(object_with("{}", metadata), *schema_of(R"({"type":"object"})")).findings)
    lines.push_back(finding.field + ": " + finding.message);
  return lines;
}

TEST(Structural, TypesAreNamedAsTheApiServerNamesThem) {
  const std::string integer = R"({"type":"object","properties":{"a":{"type":"integer"}}})";
  EXPECT_THAT(
      found(integer, R"({"a":"1"})"),
      ElementsAre("spec.a: Invalid value: \"string\": spec.a in body must be of type integer: \"string\""));
  EXPECT_THAT(found(integer, R"({"a":1.5})"), ElementsAre(HasSubstr("must be of type integer: \"number\"")));
  EXPECT_THAT(found(integer, R"({"a":3.0})"), IsEmpty());
  EXPECT_THAT(found(integer, R"({"a":18446744073709551615})"),
              ElementsAre(HasSubstr("must be of type integer")));
  EXPECT_THAT(found(integer, R"([])"), ElementsAre(HasSubstr("must be of type object: \"array\"")));
  const std::string either = R"({"type":"object","properties":{"a":{"x-kubernetes-int-or-string":true,
      "pattern":"^[0-9]+m$","maxLength":5}}})";
  EXPECT_THAT(found(either, R"({"a":1})"), IsEmpty());
  EXPECT_THAT(found(either, R"({"a":"1m"})"), IsEmpty());
  EXPECT_THAT(found(either, R"({"a":"1"})"), ElementsAre(HasSubstr("should match '^[0-9]+m$'")));
  EXPECT_THAT(found(either, R"({"a":true})"), ElementsAre(HasSubstr("must be of type integer or string")));
}

TEST(Structural, BoundsCountCharactersElementsAndMembers) {
  const std::string bounded = R"({"type":"object","maxProperties":3,"properties":{
      "text":{"type":"string","minLength":2,"maxLength":3},"list":{"type":"array","minItems":1,"maxItems":2,
      "items":{"type":"number","minimum":0,"exclusiveMinimum":true,"maximum":2147483647}}},
      "additionalProperties":{"type":"boolean"}})";
  EXPECT_THAT(found(bounded, R"({"text":"한국어","list":[0.5,1]})"), IsEmpty());
  EXPECT_THAT(found(bounded, R"({"text":"abcd"})"),
              ElementsAre("spec.text: Too long: found 4 characters, may not be more than 3"));
  EXPECT_THAT(found(bounded, R"({"text":"a"})"), ElementsAre(HasSubstr("should be at least 2 chars long")));
  EXPECT_THAT(found(bounded, R"({"list":[]})"), ElementsAre(HasSubstr("should have at least 1 items")));
  EXPECT_THAT(found(bounded, R"({"list":[1,1,1]})"),
              ElementsAre("spec.list: Too many: 3: must have at most 2 items"));
  EXPECT_THAT(found(bounded, R"({"list":[0]})"),
              ElementsAre("spec.list[0]: Invalid value: 0: spec.list[0] in body should be greater than 0"));
  EXPECT_THAT(found(bounded, R"({"list":[2147483648]})"),
              ElementsAre(HasSubstr("should be less than or equal to 2147483647")));
  EXPECT_THAT(found(bounded, R"({"a":true,"b":true,"c":true,"d":true})"),
              ElementsAre("spec: Too many: 4: must have at most 3 items"));
}

TEST(Structural, AnUnknownFieldIsNamedWithTheNearestKnownOne) {
  const std::string schema = R"({"type":"object","properties":{"replicas":{"type":"integer"},
      "list":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"}}}},
      "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}})";
  EXPECT_THAT(found(schema, R"({"replica":1})"),
              ElementsAre("spec.replica: unknown field \"spec.replica\", nearest known: \"spec.replicas\""));
  EXPECT_THAT(found(schema, R"({"list":[{"title":""}]})"),
              ElementsAre("spec.list[0].title: unknown field \"spec.list[0].title\""));
  EXPECT_THAT(found(schema, R"({"free":{"anything":[1]}})"), IsEmpty());
}

TEST(Structural, NamesAreNearWhenAThirdOfTheLettersDiffer) {
  EXPECT_EQ(nearest_name("promtRef", {"prompt", "promptRef", "replicas"}), "promptRef");
  EXPECT_EQ(nearest_name("xy", {"ab"}), "");
  EXPECT_EQ(nearest_name("a", {"b"}), "b");
  EXPECT_EQ(nearest_name(std::string(300, 'a'), {"a"}), "");
}

TEST(Structural, AStatusIsDroppedButForFieldsThatNobodyKnows) {
  const auto schema =
      schema_of(R"({"type":"object"})",
                R"({"type":"object","properties":{"phase":{"type":"string","enum":["Ready"]}}})");
  Json object = object_with("{}");
  object["status"] = {{"phase", "Gone"}};
  EXPECT_THAT(check_object(object, *schema).findings, IsEmpty());
  object["status"] = {{"fase", "Ready"}};
  ASSERT_EQ(check_object(object, *schema).findings.size(), 1u);
  EXPECT_EQ(check_object(object, *schema).findings[0].field, "status.fase");
}

TEST(Structural, NullCountsAsAbsent) {
  const std::string schema = R"({"type":"object","required":["a"],"properties":{"a":{"type":"string"},
      "b":{"type":"string"}}})";
  EXPECT_THAT(found(schema, R"({"a":"x","b":null})"), IsEmpty());
  EXPECT_THAT(found(schema, R"({"a":null})"), ElementsAre("spec.a: Required value"));
}

TEST(Structural, ListsWithKeysAndSetsHaveEachElementOnce) {
  const std::string schema = R"({"type":"object","properties":{
      "map":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
        "items":{"type":"object","properties":{"name":{"type":"string"},"v":{"type":"integer"}}}},
      "set":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
      "list":{"type":"array","x-kubernetes-list-type":"atomic","items":{"type":"string"}}}})";
  EXPECT_THAT(found(schema, R"({"map":[{"name":"a","v":1},{"name":"b"},{"name":"a"}]})"),
              ElementsAre(R"(spec.map[2]: Duplicate value: {"name":"a"})"));
  EXPECT_THAT(found(schema, R"({"set":["a","a"]})"), ElementsAre(R"(spec.set[1]: Duplicate value: "a")"));
  EXPECT_THAT(found(schema, R"({"list":["a","a"]})"), IsEmpty());
}

TEST(Structural, DurationsAndTimesAreOfTheirFormat) {
  const std::string schema = R"({"type":"object","properties":{"for":{"type":"string","format":"duration"},
      "at":{"type":"string","format":"date-time"}}})";
  EXPECT_THAT(found(schema, R"({"for":"1h30m","at":"2026-11-21T09:00:00Z"})"), IsEmpty());
  EXPECT_THAT(found(schema, R"({"for":"1d"})"), ElementsAre(HasSubstr("must be of type duration")));
  EXPECT_THAT(found(schema, R"({"for":600})"),
              ElementsAre(HasSubstr("must be of type duration: \"integer\"")));
  EXPECT_THAT(found(schema, R"({"at":"today"})"), ElementsAre(HasSubstr("must be of type date-time")));
}

TEST(Structural, RulesSeeTheDeclaredTypes) {
  const std::string schema = R"json({"type":"object","properties":{
      "number":{"type":"number","x-kubernetes-validations":[{"rule":"self >= 0.5","message":"half at least"}]},
      "for":{"type":"string","format":"duration",
        "x-kubernetes-validations":[{"rule":"self <= duration('1h')","message":"an hour at most"}]},
      "map":{"type":"object","additionalProperties":{"type":"string",
        "x-kubernetes-validations":[{"rule":"self != 'no'","message":"not no","fieldPath":".deeper"}]}},
      "list":{"type":"array","items":{"type":"object","properties":{"a":{"type":"integer"}},
        "x-kubernetes-validations":[{"rule":"self.a > 1","message":"more than one"}]}}}})json";
  EXPECT_THAT(found(schema, R"({"number":1,"for":"60m","map":{"a":"yes"},"list":[{"a":2}]})"), IsEmpty());
  EXPECT_THAT(found(schema, R"({"number":0,"for":"61m","map":{"a":"no"},"list":[{"a":2},{"a":1}]})"),
              ElementsAre("spec.for: an hour at most", "spec.list[1]: more than one",
                          "spec.map.a.deeper: not no", "spec.number: half at least"));
  EXPECT_THAT(found(schema, R"({"list":[{}]})"),
              ElementsAre(HasSubstr("cannot be evaluated: no such key: a")));
}

TEST(Structural, ARuleWithoutFieldPathPointsAtTheMemberThatItsMessageBeginsWith) {
  const std::string schema =
      R"json({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},
      "x-kubernetes-validations":[{"rule":"has(self.a) == has(self.b)","message":"b belongs to a"}]})json";
  EXPECT_THAT(found(schema, R"({"b":1})"), ElementsAre("spec.b: b belongs to a"));
  EXPECT_THAT(found(schema, R"({"a":1})"), ElementsAre("spec: b belongs to a"));
}

TEST(Structural, RulesWaitUntilNothingIsMissingOrOfAWrongType) {
  const auto schema = schema_of(R"({"type":"object","required":["a"],"properties":{"a":{"type":"integer"}},
      "x-kubernetes-validations":[{"rule":"self.a > 1","message":"more than one"},
      {"rule":"self == oldSelf","message":"immutable"}]})");
  const Check missing = check_object(object_with("{}"), *schema);
  EXPECT_FALSE(missing.rules_checked);
  EXPECT_EQ(missing.findings.size(), 1u);
  const Check low = check_object(object_with(R"({"a":1})"), *schema);
  EXPECT_TRUE(low.rules_checked);
  ASSERT_EQ(low.findings.size(), 1u);
  EXPECT_EQ(low.findings[0].message, "more than one");
}

TEST(Structural, MetadataHoldsANameAndTexts) {
  EXPECT_THAT(found_in_metadata(R"({"name":"a","labels":{"app":"x"},"annotations":null})"), IsEmpty());
  EXPECT_THAT(found_in_metadata(R"({"generateName":"a-"})"), IsEmpty());
  EXPECT_THAT(found_in_metadata("{}"),
              ElementsAre("metadata.name: Required value: name or generateName is required"));
  EXPECT_THAT(found_in_metadata(R"({"name":null})"),
              ElementsAre("metadata.name: Required value: name or generateName is required"));
  EXPECT_THAT(found_in_metadata("[1]"), ElementsAre(HasSubstr("metadata in body must be of type object")));
  EXPECT_THAT(found_in_metadata(R"({"name":"A b"})"), ElementsAre(HasSubstr("RFC 1123 subdomain")));
  EXPECT_THAT(found_in_metadata(R"({"name":12})"),
              ElementsAre(HasSubstr("metadata.name in body must be of type string")));
  EXPECT_THAT(found_in_metadata(R"({"name":"a","labels":{"version":12}})"),
              ElementsAre(HasSubstr("metadata.labels.version in body must be of type string: \"integer\"")));
  EXPECT_THAT(
      found_in_metadata(R"({"name":"a","label":{}})"),
      ElementsAre("metadata.label: unknown field \"metadata.label\", nearest known: \"metadata.labels\""));
}

TEST(Structural, ASchemaWithAnUnknownKeywordIsRefused) {
  for (const char* schema :
       {R"({"type":"object","multipleOf":2})", R"({"type":"thing"})", R"({"type":"string","format":"email"})",
        R"({"type":"string","pattern":"["})",
        R"({"type":"string","x-kubernetes-validations":[{"rule":"self * 2"}]})",
        R"({"type":"string","x-kubernetes-validations":[{"rule":"true","messageExpression":"'a'"}]})",
        R"({"type":"object","required":7})", R"({"type":"array","x-kubernetes-list-type":"bag"})"})
    EXPECT_FALSE(read_schema(Json::parse(schema)).ok()) << schema;
}

}  // namespace
}  // namespace llmops::structural
