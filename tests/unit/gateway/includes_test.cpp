#include "gateway/prompt/includes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/prompt/compatibility.hpp"
#include "gateway/prompt/prompt.hpp"

namespace llmops::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Includes : public ::testing::Test {
 protected:
  static api::PromptContent content(const std::string& text) {
    auto parsed = api::PromptContent::parse(parse_json(text).value());
    EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().message);
    return *parsed;
  }
  // A prompt of one message that includes others, pinned as they are now.
  api::PromptContent prompt(const std::string& text, const std::vector<std::string>& names,
                            const std::string& variables = "{}") {
    Json made = {{"messages", Json::array({{{"role", "system"}, {"content", text}}})},
                 {"variables", parse_json(variables).value()}};
    for (const std::string& name : names)
      made["includes"].push_back({{"name", name}, {"digest", prompt_digest(objects_.at(name))}});
    return content(made.dump());
  }
  void add(const std::string& name, api::PromptContent object) { objects_[name] = std::move(object); }

  Result<api::PromptContent> resolve(const api::PromptContent& content) {
    return resolve_includes(content, [this](const std::string& name) -> std::optional<api::PromptContent> {
      const auto object = objects_.find(name);
      return object == objects_.end() ? std::nullopt : std::optional(object->second);
    });
  }
  std::string refusal(const api::PromptContent& content) {
    auto resolved = resolve(content);
    EXPECT_FALSE(resolved.ok());
    return resolved.ok() ? "" : resolved.error().message;
  }

  std::map<std::string, api::PromptContent> objects_;
};

TEST_F(Includes, StandInThePromptWithThoseThatTheyInclude) {
  add("tone", prompt("Be {{ tone }}.", {}, R"({"tone":{"default":"kind"}})"));
  add("safety", prompt("Never guess. {% include 'tone' %}", {"tone"}));
  const auto own = prompt("For {{ shop }}. {% include 'safety' %}", {"safety"}, R"({"shop":{}})");
  EXPECT_FALSE(is_resolved(own));
  EXPECT_THAT(compile(own).error().message, StartsWith("includes[0].text: found nothing"));
  const auto resolved = resolve(own);
  ASSERT_TRUE(resolved.ok()) << resolved.error().message;
  EXPECT_TRUE(is_resolved(*resolved));
  const auto compiled = compile(*resolved);
  ASSERT_TRUE(compiled.ok()) << compiled.error().message;
  const auto rendered =
      render(*compiled, {{"shop", "ACME"}}, Json::array({{{"role", "user"}, {"content", "x"}}}));
  EXPECT_EQ(rendered->messages[0]["content"], "For ACME. Never guess. Be kind.");
}

TEST_F(Includes, LeaveTheDigestOfThePromptAsItWas) {
  add("tone", prompt("Be kind.", {}));
  const auto own = prompt("{% include 'tone' %}", {"tone"});
  const auto resolved = resolve(own);
  ASSERT_TRUE(resolved.ok());
  EXPECT_EQ(prompt_digest(*resolved), prompt_digest(own));
  EXPECT_NE(prompt_digest(prompt("Be kind.", {})), prompt_digest(own));
}

TEST_F(Includes, AreRefusedWhenTheyAreNotWhatWasPinned) {
  add("tone", prompt("Be kind.", {}));
  auto own = prompt("{% include 'tone' %}", {"tone"});
  add("tone", prompt("Be rude.", {}));
  EXPECT_THAT(refusal(own), StartsWith("includes[0].digest: found " + own.includes[0].digest +
                                       ", but PromptVersion tone has " + prompt_digest(objects_["tone"])));
  own.includes[0].name = "other";
  EXPECT_EQ(resolve(own).error().code, ErrorCode::NotFound);
  EXPECT_THAT(refusal(own), StartsWith("includes[0].name: PromptVersion other does not exist"));
}

TEST_F(Includes, IgnoreATextThatSomebodyWrote) {
  add("tone", prompt("Be kind.", {}));
  auto own = prompt("{% include 'tone' %}", {"tone"});
  own.includes[0].text = "Be rude.";
  EXPECT_EQ(resolve(own)->includes[0].text, "Be kind.");
  EXPECT_EQ(prompt_digest(own), prompt_digest(prompt("{% include 'tone' %}", {"tone"})));
}

TEST_F(Includes, HaveOneMessageAndTheSameFormat) {
  add("two", content(R"({"messages":[{"role":"system","content":"a"},{"role":"user","content":"b"}]})"));
  EXPECT_THAT(refusal(prompt("x", {"two"})), HasSubstr("PromptVersion two has 2 messages, allowed one"));
  add("turns", content(R"({"messages":[{"conversation":{}}]})"));
  EXPECT_THAT(refusal(prompt("x", {"turns"})), HasSubstr("has 1 messages, allowed one with a content"));
  add("other", content(R"({"messages":[{"role":"system","content":"a"}],"template":{"format":"mustache"}})"));
  EXPECT_THAT(refusal(prompt("x", {"other"})),
              HasSubstr("has the template format mustache, allowed that of this"));
}

TEST_F(Includes, AreAtMostFourDeepAndNeverInACircle) {
  std::string below;
  for (const char* name : {"e", "d", "c", "b"}) {
    add(name, below.empty() ? prompt("leaf", {}) : prompt("{% include '" + below + "' %}", {below}));
    below = name;
  }
  EXPECT_TRUE(resolve(prompt("{% include 'b' %}", {"b"})).ok());
  add("a", prompt("{% include 'b' %}", {"b"}));
  EXPECT_THAT(refusal(prompt("{% include 'a' %}", {"a"})),
              StartsWith("include a: include b: include c: include d: includes[0]: found an include 5 deep"));
  // A circle cannot be pinned by digests, so the look-up has to lie for one.
  auto own = prompt("x", {"e"});
  EXPECT_THAT(resolve_includes(own,
                               [&](const std::string&) -> std::optional<api::PromptContent> {
                                 auto liar = objects_["e"];
                                 liar.includes = {};
                                 return liar;
                               })
                  .ok(),
              true);
}

TEST_F(Includes, AgreeAboutDigestsAndVariables) {
  add("tone", prompt("Be kind.", {}));
  add("one", prompt("{% include 'tone' %}", {"tone"}));
  add("tone", prompt("Be brief.", {}));
  auto own = prompt("{% include 'tone' %}{% include 'one' %}", {"tone", "one"});
  EXPECT_THAT(refusal(own), HasSubstr("include one: includes[0].digest: found "));
  EXPECT_THAT(refusal(own), HasSubstr("is included elsewhere with"));
  add("typed", prompt("{{ n }}", {}, R"({"n":{"schema":{"type":"integer"}}})"));
  EXPECT_THAT(refusal(prompt("{% include 'typed' %}", {"typed"}, R"({"n":{}})")),
              HasSubstr("declares the variable n with another schema"));
  const auto same =
      prompt("{% include 'typed' %}", {"typed"}, R"({"n":{"schema":{"type":"integer"},"maxBytes":4}})");
  EXPECT_EQ(resolve(same)->variables.at("n").max_bytes, 4);
}

TEST_F(Includes, ThatAreNotResolvedYetLeaveOpenWhatTheyDeclare) {
  add("tone", prompt("Be {{ tone }}.", {}, R"({"tone":{}})"));
  std::vector<std::string> messages;
  for (const auto& problem : prompt_compatible(prompt("{{ tone }}{% include 'tone' %}", {"tone"})))
    messages.push_back(problem.message);
  EXPECT_THAT(messages, ElementsAre());
  for (const auto& problem : prompt_compatible(prompt("x", {"tone"}))) messages.push_back(problem.message);
  EXPECT_THAT(messages, ElementsAre("includes[0]: tone is declared, but no text includes it"));
  messages.clear();
  for (const auto& problem : prompt_compatible(prompt("{% include 'other' %}", {"tone"})))
    messages.push_back(problem.message);
  EXPECT_THAT(messages[0], HasSubstr("found include \"other\", allowed those of the field includes: tone"));
}

}  // namespace
}  // namespace llmops::gateway
