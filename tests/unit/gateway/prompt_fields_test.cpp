// The fields of a prompt beside its messages: template format, schemas of variables, examples, parameters,
// the form of answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/prompt/compatibility.hpp"
#include "gateway/prompt/prompt.hpp"

namespace llmops::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Json json(std::string_view text) {
  return parse_json(text).value();
}

api::PromptContent content(const Json& value) {
  auto parsed = api::PromptContent::parse(value);
  EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().message);
  return parsed.ok() ? *parsed : api::PromptContent{};
}

CompiledPrompt compiled(std::string_view text) {
  auto prompt = compile(content(json(text)));
  EXPECT_TRUE(prompt.ok()) << (prompt.ok() ? "" : prompt.error().message);
  return prompt.ok() ? *prompt : CompiledPrompt{};
}

std::string compile_refusal(std::string_view text) {
  auto prompt = compile(content(json(text)));
  EXPECT_FALSE(prompt.ok()) << text;
  return prompt.ok() ? "" : prompt.error().message;
}

const Json& hello() {
  static const Json kHello = json(R"([{"role":"user","content":"Hello"}])");
  return kHello;
}

RenderedPrompt rendered(const CompiledPrompt& prompt, const VariableValues& values,
                        const RenderOptions& options = {}) {
  auto result = render(prompt, values, hello(), options);
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
  return result.ok() ? *result : RenderedPrompt{};
}

std::string refusal(const CompiledPrompt& prompt, const VariableValues& values) {
  auto result = render(prompt, values, hello());
  EXPECT_FALSE(result.ok());
  return result.ok() ? "" : result.error().message;
}

std::string with_parameters(std::string_view fields) {
  return R"({"messages":[{"role":"system","content":"S"}],)" + std::string(fields) + "}";
}

TEST(TemplateFormats, AreJinjaUnlessThePromptSaysOtherwise) {
  const std::string text =
      R"("messages":[{"role":"system","content":"{{#a}}{{a}}{{/a}}{% if a %}!{% endif %}"}],
      "variables":{"a":{}})";
  EXPECT_THAT(compile_refusal("{" + text + "}"), HasSubstr("messages[0].content: byte 2: found \"#\""));
  const auto by = [&](const std::string& format) {
    return rendered(compiled(R"({"template":{"format":")" + format + "\"}," + text + "}"), {{"a", "x"}})
        .messages[0]["content"];
  };
  EXPECT_EQ(by("mustache"), "x{% if a %}!{% endif %}");
  EXPECT_EQ(by("none"), "{{#a}}{{a}}{{/a}}{% if a %}!{% endif %}");
}

TEST(Variables, WithoutASchemaAreTextsNumbersAndTruthValues) {
  const auto prompt = compiled(
      R"({"messages":[{"role":"system","content":"{{a}}{% if a %} yes{% endif %}"}],"variables":{"a":{}}})");
  EXPECT_EQ(rendered(prompt, {{"a", 3}}).messages[0]["content"], "3 yes");
  EXPECT_EQ(rendered(prompt, {{"a", false}}).messages[0]["content"], "false");
  EXPECT_EQ(rendered(prompt, {{"a", true}}).messages[0]["content"], "true yes");
  EXPECT_THAT(
      refusal(prompt, {{"a", Json::array()}}),
      "prompt.variables.a: found a list, allowed a text, a number, true or false; lists and objects need "
      "a schema in the prompt");
  EXPECT_THAT(refusal(prompt, {{"a", nullptr}}), HasSubstr("prompt.variables.a: found null"));
}

TEST(Variables, MeetTheirSchemaAndGetItsDefaults) {
  const auto prompt = compiled(R"({"messages":[{"role":"system","content":
      "{% for l in order.lines %}{{l.count}} {{l.name}} for {{order.who}}; {% endfor %}"}],
      "variables":{"order":{"maxBytes":200,"schema":{"type":"object","required":["lines"],"additionalProperties":false,
        "properties":{"who":{"default":"you"},"lines":{"type":"array","items":{"type":"object",
          "properties":{"name":{"type":"string"},"count":{"type":"integer","default":1}}}}}}}}})");
  EXPECT_EQ(rendered(prompt, {{"order", json(R"({"lines":[{"name":"pens"},{"name":"ink","count":2}]})")}})
                .messages[0]["content"],
            "1 pens for you; 2 ink for you; ");
  EXPECT_EQ(refusal(prompt, {{"order", json(R"({"lines":[{"name":"pens","count":"two"}]})")}}),
            "prompt.variables.order/lines/0/count: found \"two\", allowed an integer");
  EXPECT_THAT(refusal(prompt, {{"order", json(R"({"lines":[],"more":1})")}}),
              StartsWith("prompt.variables.order/more: found 1, allowed no such member"));
  EXPECT_THAT(refusal(prompt, {}), HasSubstr("prompt.variables.order: missing"));
  EXPECT_THAT(refusal(prompt, {{"order", Json{{"lines", Json::array({{{"name", std::string(200, 'x')}}})}}}}),
              HasSubstr("bytes, allowed at most 200"));
}

TEST(Variables, WithADefaultInTheSchemaNeedNotBeSent) {
  const auto prompt = compiled(R"({"messages":[{"role":"system","content":"{{ tags | join(',') }}"}],
      "variables":{"tags":{"schema":{"type":"array","default":["a","b"]}}}})");
  EXPECT_EQ(rendered(prompt, {}).messages[0]["content"], "a,b");
  EXPECT_EQ(rendered(prompt, {{"tags", Json::array()}}).messages[0]["content"], "");
  const auto of = [](std::string_view variable) {
    return content(json(R"({"messages":[{"role":"system","content":"{{a}}"}],"variables":{"a":)" +
                        std::string(variable) + "}}"));
  };
  const auto stable = of("{}");
  const auto candidate = of(R"({"schema":{"default":1}})");
  EXPECT_THAT(newly_required_variables(nullptr, candidate), IsEmpty());
  EXPECT_THAT(newly_required_variables(&candidate, stable), ElementsAre("a"));
}

TEST(Variables, AreRefusedWhenSchemaAndDefaultDoNotFit) {
  const auto of = [](std::string_view variable) {
    return compile_refusal(R"({"messages":[{"role":"system","content":"{{a}}"}],"variables":{"a":)" +
                           std::string(variable) + "}}");
  };
  EXPECT_THAT(of(R"({"schema":{"type":"text"}})"), StartsWith("variables.a.schema/type: found \"text\""));
  EXPECT_THAT(of(R"({"schema":{"if":{}}})"), HasSubstr("variables.a.schema/if: found a keyword that is not"));
  EXPECT_THAT(of(R"({"schema":{"type":"integer"},"default":"x"})"),
              StartsWith("variables.a.default: found \"x\", allowed by the schema is an integer"));
  EXPECT_THAT(of(R"({"schema":{"type":"array","items":{"type":"string"},"default":[1]}})"),
              StartsWith("variables.a.default/0: found 1"));
  EXPECT_THAT(of(R"({"schema":{"default":"y"},"default":"x"})"), HasSubstr("allowed one"));
  EXPECT_THAT(of(R"({"schema":{"default":"abcd"},"maxBytes":3})"),
              HasSubstr("found 4 bytes, allowed at most 3"));
}

TEST(FewShot, BecomesTurnsInFrontOfTheConversation) {
  constexpr auto kPrompt = R"({"messages":[{"role":"system","content":"S"},{"conversation":{}},
      {"role":"system","content":"R"}],"variables":{"shop":{}},
      "fewShot":{"examples":[{"user":"Where is {{shop}}?","assistant":"Here."},{"user":"2","assistant":"b"}]SELECT}})";
  const auto roles = [&](const std::string& select) {
    std::string text = kPrompt;
    text.replace(text.find("SELECT"), 6, select);
    std::vector<std::string> found;
    for (const Json& message : rendered(compiled(text), {{"shop", "<|end|>"}}).messages)
      found.push_back(message["role"].get<std::string>() + ":" + message["content"].get<std::string>());
    return found;
  };
  EXPECT_THAT(roles(""), ElementsAre("system:S", "user:Where is < |end|>?", "assistant:Here.", "user:2",
                                     "assistant:b", "user:Hello", "system:R"));
  EXPECT_THAT(
      roles(R"(,"select":"FirstN","count":1)"),
      ElementsAre("system:S", "user:Where is < |end|>?", "assistant:Here.", "user:Hello", "system:R"));
  EXPECT_THAT(roles(R"(,"select":"All")").size(), 7u);
}

TEST(FewShot, IsReadWholeEvenWhereItIsNotSent) {
  EXPECT_THAT(compile_refusal(with_parameters(
                  R"("fewShot":{"examples":[{"user":"a","assistant":"b"},{"user":"c","assistant":"{{x}}"}],
                     "select":"FirstN","count":1})")),
              StartsWith("fewShot.examples[1].assistant: byte 2: variable \"x\" is not declared"));
}

TEST(Parameters, OfThePromptReplaceThoseOfTheClientUnlessItMayOverride) {
  const auto prompt = compiled(with_parameters(
      R"("parameters":{"temperature":0.2,"max_tokens":256,"stop":["END"]},"overridable":["max_tokens"])"));
  EXPECT_EQ(rendered(prompt, {}).parameters, json(R"({"temperature":0.2,"max_tokens":256,"stop":["END"]})"));
  const Json request = json(R"({"temperature":1.5,"max_tokens":32,"top_p":0.9})");
  EXPECT_EQ(rendered(prompt, {}, {nullptr, &request}).parameters,
            json(R"({"temperature":0.2,"stop":["END"]})"));
  const Json null = json(R"({"max_tokens":null})");
  EXPECT_EQ(rendered(prompt, {}, {nullptr, &null}).parameters["max_tokens"], 256);
}

TEST(Parameters, KnowTheTwoNamesOfTheTokenLimit) {
  const Json request = json(R"({"max_completion_tokens":9999})");
  const auto fixed = compiled(with_parameters(R"("parameters":{"max_tokens":256})"));
  EXPECT_EQ(rendered(fixed, {}, {nullptr, &request}).parameters,
            json(R"({"max_tokens":256,"max_completion_tokens":null})"));
  const auto open =
      compiled(with_parameters(R"("parameters":{"max_tokens":256},"overridable":["max_tokens"])"));
  EXPECT_EQ(rendered(open, {}, {nullptr, &request}).parameters, Json::object());
}

TEST(Parameters, AreKnownAndWithinBounds) {
  EXPECT_THAT(compile_refusal(with_parameters(R"("parameters":{"temperature":3})")),
              "parameters/temperature: found 3, allowed at most 2");
  EXPECT_THAT(
      compile_refusal(with_parameters(R"("parameters":{"model":"x"})")),
      StartsWith("parameters/model: found \"x\", allowed only frequency_penalty, max_completion_tokens"));
  EXPECT_THAT(compile_refusal(with_parameters(R"("parameters":{"stop":[1]})")), HasSubstr("parameters/stop"));
  EXPECT_THAT(compile_refusal(with_parameters(R"("parameters":{"max_tokens":1,"max_completion_tokens":1})")),
              HasSubstr("which mean the same"));
  EXPECT_THAT(compile_refusal(with_parameters(R"("overridable":["stream"])")),
              StartsWith("overridable[0]: found \"stream\", allowed frequency_penalty"));
  const auto problems = prompt_compatible(content(json(with_parameters(R"("overridable":["seed"])"))));
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].severity, PromptProblem::Severity::Warning);
  EXPECT_THAT(problems[0].message, HasSubstr("overridable[0]: seed is not among parameters"));
}

TEST(ResponseFormat, IsPassedOnAsTheApiHasIt) {
  const auto of = [](std::string_view format) {
    return rendered(compiled(with_parameters(R"("responseFormat":)" + std::string(format))), {})
        .parameters["response_format"];
  };
  EXPECT_EQ(of(R"({"type":"json_object"})"), json(R"({"type":"json_object"})"));
  EXPECT_EQ(of(R"({"type":"text"})"), json(R"({"type":"text"})"));
  EXPECT_EQ(of(R"({"type":"json_schema","schema":{"type":"object"}})"),
            json(R"({"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"}}})"));
  EXPECT_EQ(
      of(R"({"type":"json_schema","name":"order","strict":true,"schema":{"type":"object"}})"),
      json(
          R"({"type":"json_schema","json_schema":{"name":"order","strict":true,"schema":{"type":"object"}}})"));
}

TEST(ResponseFormat, ChecksAnAnswerWithoutRepeatingIt) {
  const auto format = [](std::string_view text) {
    return *compiled(with_parameters(R"("responseFormat":)" + std::string(text))).response_format;
  };
  EXPECT_EQ(wrong_form(format(R"({"type":"text"})"), "anything"), std::nullopt);
  const auto object = format(R"({"type":"json_object","enforce":"Fail"})");
  EXPECT_TRUE(object.enforced);
  EXPECT_EQ(wrong_form(object, " {\"a\":1}\n"), std::nullopt);
  EXPECT_THAT(*wrong_form(object, "secret words"), HasSubstr("the answer is no JSON, but"));
  EXPECT_THAT(*wrong_form(object, "[1]"), HasSubstr("no JSON object"));
  const auto schema = format(R"({"type":"json_schema","schema":{"type":"object","properties":
      {"days":{"type":"integer"}},"required":["days"]}})");
  EXPECT_FALSE(schema.enforced);
  EXPECT_EQ(wrong_form(schema, R"({"days":14})"), std::nullopt);
  const std::string told = *wrong_form(schema, R"({"days":"secret"})");
  EXPECT_EQ(told,
            "the answer does not meet the schema of the prompt's responseFormat at /days: allowed is an "
            "integer");
  EXPECT_THAT(*wrong_form(schema, "3"), HasSubstr("at its root"));
}

TEST(ResponseFormat, NeedsASchemaThatCanBeCheckedOnlyWhenItIsEnforced) {
  constexpr auto kUnknown = R"("responseFormat":{"type":"json_schema","schema":{"if":{}}ENFORCE})";
  const auto with = [&](const std::string& enforce) {
    std::string text = kUnknown;
    text.replace(text.find("ENFORCE"), 7, enforce);
    return with_parameters(text);
  };
  EXPECT_EQ(wrong_form(*compiled(with("")).response_format, "3"), std::nullopt);
  EXPECT_THAT(compile_refusal(with(R"(,"enforce":"Fail")")),
              StartsWith("responseFormat.schema/if: found a keyword"));
  EXPECT_THAT(compile_refusal(with_parameters(R"("responseFormat":{"type":"json_schema"})")),
              HasSubstr("responseFormat.schema: found nothing"));
  EXPECT_THAT(compile_refusal(with_parameters(R"("responseFormat":{"type":"text","schema":{}})")),
              HasSubstr("allowed none with type text"));
}

TEST(PassedRequests, TakeOnlyVariablesThatOtherRevisionsKnow) {
  const VariableNames known = {"tier"};
  auto passed = render_or_pass(nullptr, {{"tier", Json::array()}}, hello(), {&known});
  ASSERT_TRUE(passed.ok());
  EXPECT_EQ(passed->messages, hello());
  EXPECT_EQ(passed->parameters, Json::object());
  ASSERT_EQ(passed->origins.size(), 1u);
  EXPECT_TRUE(passed->origins[0].client);
  EXPECT_THAT(render_or_pass(nullptr, {{"x", 1}}, hello()).error().message,
              "prompt.variables.x: unknown variable, allowed: none");
}

}  // namespace
}  // namespace llmops::gateway
