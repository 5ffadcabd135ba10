// What templates refuse, with the byte, and what bounds them.
#include "gateway/prompt/template.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace llmops::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Result<Template> parse(TemplateFormat format, std::string_view text,
                       const std::map<std::string, std::string>& texts = {}) {
  IncludeTexts includes;
  for (const auto& [name, include] : texts) includes[name] = &include;
  TemplateAllowance allowance;
  return Template::parse(format, text, includes, allowance);
}

std::string refusal(std::string_view text, TemplateFormat format = TemplateFormat::Jinja,
                    const std::map<std::string, std::string>& texts = {}) {
  auto parsed = parse(format, text, texts);
  EXPECT_FALSE(parsed.ok()) << text;
  return parsed.ok() ? "" : parsed.error().message;
}

std::string mustache_refusal(std::string_view text, const std::map<std::string, std::string>& texts = {}) {
  return refusal(text, TemplateFormat::Mustache, texts);
}

Result<RenderedText> render(std::string_view text, const Json& inputs,
                            TemplateFormat format = TemplateFormat::Jinja) {
  auto parsed = parse(format, text);
  if (!parsed.ok()) return parsed.error();
  Variables variables;
  for (auto input = inputs.begin(); input != inputs.end(); ++input)
    variables[input.key()] = Value{&input.value(), true};
  RenderBudget budget;
  return parsed->render(variables, budget);
}

std::string failure(std::string_view text, const Json& inputs) {
  auto rendered = render(text, inputs);
  EXPECT_FALSE(rendered.ok()) << text;
  return rendered.ok() ? "" : rendered.error().message;
}

TEST(Jinja, RefusesWhatCouldRunOrReachSomething) {
  EXPECT_THAT(refusal("ab {{ open('x') }}"), StartsWith("byte 10: found a call"));
  EXPECT_THAT(refusal("{{ a.b('x') }}"), StartsWith("byte 6: found a call"));
  EXPECT_THAT(refusal("{{ a | upper() }}{{ a.__class__ }}"), StartsWith("byte 22: found \"__class__\""));
  EXPECT_THAT(refusal("{{ __import__ }}"), HasSubstr("not beginning with __"));
  EXPECT_THAT(refusal("{{ a | attr('b') }}"), StartsWith("byte 7: found \"attr\", allowed a filter: upper"));
  EXPECT_THAT(refusal("{% set a = 1 %}"), StartsWith("byte 3: found the tag \"set\", allowed if, elif"));
  for (const char* tag : {"macro m()", "extends 'x'", "import 'x'", "block b", "filter upper", "with",
                          "call x", "do x", "from 'x' import y", "autoescape true", "trans"})
    EXPECT_THAT(refusal("{% " + std::string(tag) + " %}"), HasSubstr("byte 3: found the tag")) << tag;
  for (const char* sum : {"a + b", "a * b", "a / b", "a % b", "a ~ b", "a ** b", "a // b"})
    EXPECT_THAT(refusal("{{ " + std::string(sum) + " }}"), HasSubstr("byte 5: found ")) << sum;
  EXPECT_THAT(refusal("{{ a - b }}"), StartsWith("byte 5: found \"-\""));
  EXPECT_THAT(refusal("{{ -a }}"), StartsWith("byte 3: found \"-\", allowed only before a number"));
  EXPECT_THAT(refusal("{{ a if b else c }}"), StartsWith("byte 5: found an if inside an expression"));
  EXPECT_THAT(refusal("{{ {'a': 1} }}"), StartsWith("byte 3: found \"{\""));
  EXPECT_THAT(refusal("{{ a | join(d=',') }}"), HasSubstr("arguments by their place"));
  EXPECT_THAT(refusal("{{ a | replace('x') }}"),
              StartsWith("byte 7: filter replace: found 1 arguments, allowed 2"));
  EXPECT_THAT(refusal("{{ a is divisibleby(3) }}"),
              StartsWith("byte 8: found \"divisibleby\", allowed a test"));
  EXPECT_THAT(refusal("{% for a in b %}{{ loop.cycle }}{% endfor %}"),
              HasSubstr("allowed loop.index, index0"));
  EXPECT_THAT(refusal("{% for a in b %}{{ loop }}{% endfor %}"), HasSubstr("allowed loop.index"));
  EXPECT_THAT(refusal("{% for a in b recursive %}{% endfor %}"), HasSubstr("byte 14"));
  EXPECT_THAT(refusal("{% include file %}"), HasSubstr("the name of an include in quotes"));
}

TEST(Jinja, NamesTheByteOfWhatIsNotClosedOrNotOpen) {
  EXPECT_THAT(refusal("ab {{ a"), StartsWith("byte 3: \"{{\" is never closed"));
  EXPECT_THAT(refusal("{% if a %}x"), StartsWith("byte 0: a block is never closed, allowed {% endif %}"));
  EXPECT_THAT(refusal("x{% for a in b %}"),
              StartsWith("byte 1: a block is never closed, allowed {% endfor %}"));
  EXPECT_THAT(refusal("x{% endif %}"), StartsWith("byte 4: found the tag \"endif\""));
  EXPECT_THAT(refusal("{% if a %}{% endfor %}"), HasSubstr("byte 13: found the tag \"endfor\""));
  EXPECT_THAT(refusal("{# x"), StartsWith("byte 0: \"{#\" is never closed"));
  EXPECT_THAT(refusal("{{ 'x }}"), StartsWith("byte 3: a text in quotes is never closed"));
  EXPECT_THAT(refusal("{% raw %}{{ a }}"), StartsWith("byte 0: {% raw %} is never closed"));
  EXPECT_THAT(refusal("{{ '\\x41' }}"), StartsWith("byte 4: found the escape \\x"));
  EXPECT_THAT(refusal("{{ }}"), StartsWith("byte 3: found the end of the tag"));
  EXPECT_THAT(refusal("{% if %}{% endif %}"), StartsWith("byte 6: found the end of the tag"));
  EXPECT_THAT(refusal("{{ a b }}"), StartsWith("byte 5: found \"b\""));
  EXPECT_THAT(refusal("{{ (a }}"), StartsWith("byte 6: found the end of the tag, allowed \")\""));
  EXPECT_THAT(refusal("{{ 99999999999999999999 }}"), HasSubstr("which is too large"));
  EXPECT_THAT(refusal("{% else x %}"), HasSubstr("byte 3"));
}

TEST(Jinja, SaysWhatAFilterCannotTake) {
  EXPECT_THAT(failure("{{ a | join }}", {{"a", 3}}), "byte 7: filter join: found a number, allowed a list");
  EXPECT_THAT(failure("{{ a | length }}", {{"a", true}}),
              HasSubstr("found true or false, allowed a list, an object"));
  EXPECT_THAT(failure("{{ a | items }}", {{"a", "x"}}), HasSubstr("allowed an object"));
  EXPECT_THAT(failure("{% if a < 'x' %}{% endif %}", {{"a", 3}}),
              HasSubstr("byte 10: found a number beside a text, allowed two numbers or two texts"));
  EXPECT_THAT(failure("{% if 3 in a %}{% endif %}", {{"a", "x"}}), HasSubstr("allowed a text to look for"));
  EXPECT_THAT(failure("{% for x in a %}{% endfor %}", {{"a", 3}}), HasSubstr("byte 12: for: found a number"));
  EXPECT_THAT(failure("{% for x, y in a %}{% endfor %}", {{"a", {1}}}), HasSubstr("allowed pairs"));
  EXPECT_THAT(failure("{{ a | replace('', 'x') }}", {{"a", "x"}}), HasSubstr("found an empty text"));
}

TEST(Mustache, RefusesWhatItDoesNotDo) {
  EXPECT_THAT(mustache_refusal("ab{{#a}}"), StartsWith("byte 2: section a is never closed, allowed {{/a}}"));
  EXPECT_THAT(mustache_refusal("{{#a}}{{/b}}"), StartsWith("byte 6: found {{/b}}, allowed {{/a}}"));
  EXPECT_THAT(mustache_refusal("{{/b}}"), HasSubstr("no section is open"));
  EXPECT_THAT(mustache_refusal("ab{{a"), StartsWith("byte 2: \"{{\" is never closed"));
  EXPECT_THAT(mustache_refusal("{{a b}}"), HasSubstr("found the name \"a b\""));
  EXPECT_THAT(mustache_refusal("{{}}"), HasSubstr("byte 0: found the name \"\""));
  EXPECT_THAT(mustache_refusal("{{<a}}{{/a}}"), HasSubstr("found inheritance"));
  EXPECT_THAT(mustache_refusal("{{$a}}{{/a}}"), HasSubstr("found inheritance"));
  EXPECT_THAT(mustache_refusal("{{>*a}}"), HasSubstr("a partial whose name is a variable"));
  EXPECT_THAT(mustache_refusal("{{=<% %}}"), HasSubstr("never closed"));
  EXPECT_THAT(mustache_refusal("{{=<%=}}"), HasSubstr("allowed two delimiters"));
}

TEST(IncludedTexts, AreRefusedInCirclesTooDeepAndUndeclared) {
  EXPECT_THAT(refusal("a{% include 'x' %}", TemplateFormat::Jinja, {{"y", ""}}),
              StartsWith("byte 12: found include \"x\", allowed those of the field includes: y"));
  EXPECT_THAT(refusal("{% include 'x' %}", TemplateFormat::Jinja,
                      {{"x", "{% include 'y' %}"}, {"y", "{% include 'x' %}"}}),
              HasSubstr("in a circle: x → y → x"));
  EXPECT_THAT(mustache_refusal(
                  "{{>a}}", {{"a", "{{>b}}"}, {"b", "{{>c}}"}, {"c", "{{>d}}"}, {"d", "{{>e}}"}, {"e", ""}}),
              HasSubstr("found include \"e\" 5 deep, allowed at most 4"));
  EXPECT_THAT(refusal("{% include 'x' %}", TemplateFormat::Jinja, {{"x", "{{ a"}}),
              HasSubstr("include x: byte 0: \"{{\" is never closed"));
  EXPECT_THAT(refusal("{% if a %}{% include 'x' %}", TemplateFormat::Jinja, {{"x", "{% endif %}"}}),
              HasSubstr("found the tag \"endif\""));
  // 4 levels of 200 includes each would be 1.6 billion texts.
  std::string many;
  for (int i = 0; i < 200; ++i) many += "{{>b}}{{>c}}";
  EXPECT_THAT(mustache_refusal("{{>a}}", {{"a", many},
                                          {"b", "{{>c}}{{>c}}{{>c}}{{>c}}{{>c}}{{>c}}{{>c}}{{>c}}"},
                                          {"c", std::string(1000, 'x')}}),
              HasSubstr("1048576 bytes of templates"));
}

TEST(Template, KnowsTheNamesThatItNeeds) {
  const auto names = [](TemplateFormat format, std::string_view text) {
    std::vector<std::string> found;
    auto parsed = parse(format, text);
    EXPECT_TRUE(parsed.ok());
    for (const NameUse& use : parsed->names()) found.push_back(use.name);
    return found;
  };
  EXPECT_THAT(
      names(TemplateFormat::Jinja, "{{ a.b }}{% for x in c[d] %}{{ x }}{{ e }}{% else %}{{ x }}{% endfor %}"),
      ElementsAre("a", "c", "d", "e", "x"));
  EXPECT_THAT(names(TemplateFormat::Mustache, "{{a.b}}{{#c}}{{d}}{{/c}}{{^e}}{{/e}}"),
              ElementsAre("a", "c", "e"));
  EXPECT_THAT(names(TemplateFormat::None, "{{a}}"), ElementsAre());
}

TEST(Bounds, OfDepthHoldForBlocksSectionsAndExpressions) {
  const auto repeat = [](std::string_view text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  };
  EXPECT_TRUE(parse(TemplateFormat::Jinja, repeat("{% if a %}", 32) + repeat("{% endif %}", 32)).ok());
  EXPECT_THAT(refusal(repeat("{% if a %}", 33) + repeat("{% endif %}", 33)),
              HasSubstr("byte 320: found more than 32 blocks inside each other"));
  EXPECT_THAT(refusal("{{ " + repeat("(", 5000) + "a" + repeat(")", 5000) + " }}"),
              HasSubstr("more than 32 expressions"));
  EXPECT_THAT(refusal("{{ " + repeat("[", 5000)), HasSubstr("never closed"));
  EXPECT_THAT(refusal("{{ a" + repeat("[a", 50) + repeat("]", 50) + " }}"), HasSubstr("more than 32"));
  EXPECT_TRUE(parse(TemplateFormat::Jinja, "{{ " + repeat("not ", 5000) + "a }}").ok());
  EXPECT_TRUE(
      parse(TemplateFormat::Jinja, "{{ a" + repeat(".b", 5000) + repeat(" | upper", 5000) + " }}").ok());
  EXPECT_TRUE(parse(TemplateFormat::Mustache, repeat("{{#a}}", 32) + repeat("{{/a}}", 32)).ok());
  EXPECT_THAT(mustache_refusal(repeat("{{#a}}", 33) + repeat("{{/a}}", 33)), HasSubstr("32 sections"));
}

TEST(Bounds, OfStepsAndOutputEndARendering) {
  Json hundred = Json::array();
  for (int i = 0; i < 100; ++i) hundred.push_back(i);
  const Json lists = {{"a", hundred}, {"t", std::string(8192, 'x')}};
  EXPECT_TRUE(render("{% for x in a %}{% for y in a %}.{% endfor %}{% endfor %}", lists).ok());
  const std::string loops =
      "{% for x in a %}{% for y in a %}{% for z in a %}.{% endfor %}{% endfor %}{% endfor %}";
  EXPECT_EQ(render(loops, lists).error().code, ErrorCode::TooLarge);
  EXPECT_THAT(failure(loops, lists),
              HasSubstr("100000 steps of rendering; allowed fewer: send shorter lists"));
  EXPECT_THAT(
      render("{{#a}}{{#a}}{{#a}}.{{/a}}{{/a}}{{/a}}", lists, TemplateFormat::Mustache).error().message,
      HasSubstr("100000 steps"));
  EXPECT_THAT(failure("{% for x in a %}{% for y in a %}{{ t }}{% endfor %}{% endfor %}", lists),
              HasSubstr("1048576 bytes of rendered text; allowed fewer: send shorter values"));
  EXPECT_THAT(failure("{{ t | replace('x', t) | length }}", lists), HasSubstr("makes a text of more than"));
  EXPECT_THAT(failure("{{ a | join(t | replace('x', '0123456789')) | length }}{{ a | join(t | replace('x', "
                      "'0123456789')) | length }}",
                      lists),
              HasSubstr("byte"));
  // Work on large texts counts, not only tags.
  EXPECT_THAT(
      failure("{% for x in a %}{% for y in a %}{% if t | upper == '' %}{% endif %}{% endfor %}{% endfor %}",
              lists),
      HasSubstr("100000 steps"));
}

}  // namespace
}  // namespace llmops::gateway
