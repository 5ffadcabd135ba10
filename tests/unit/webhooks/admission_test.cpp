#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cases.hpp"
#include "webhooks/admission/review.hpp"

namespace llmops::admission {
namespace {

using testing::HasSubstr;

Json review(const std::string& kind, Json object) {
  return {{"apiVersion", "admission.k8s.io/v1"},
          {"kind", "AdmissionReview"},
          {"request",
           {{"uid", "u-1"},
            {"kind", {{"group", "llmops.dev"}, {"version", "v1alpha1"}, {"kind", kind}}},
            {"operation", "CREATE"},
            {"namespace", "shop"},
            {"object", std::move(object)}}}};
}

Json broken_prompt() {
  return {{"metadata", {{"name", "p"}}},
          {"spec",
           {{"prompt", "support"},
            {"version", 1},
            {"messages", {{{"role", "system"}, {"content", "Hello {{ name"}}}}}}};
}

Answer answer_to(const Json& question) {
  static const rules::Neighbours none{rules::ByName<api::PromptVersion>(), rules::ByName<api::Guardrail>(),
                                      rules::ByName<api::EvalGate>(), std::nullopt};
  const auto read = parse_review(dump_json(question));
  EXPECT_TRUE(read.ok()) << read.error().message;
  return evaluate(*read, objects_of(none));
}

TEST(Review, IsRefusedWhenItIsNone) {
  const auto why = [](const std::string& body) { return parse_review(body).error(); };
  EXPECT_EQ(why("nonsense").code, ErrorCode::InvalidArgument);
  EXPECT_THAT(why("{}").message, HasSubstr("allowed admission.k8s.io/v1 AdmissionReview"));
  EXPECT_THAT(why(R"({"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"})").message,
              HasSubstr("v1beta1"));
  EXPECT_THAT(why(R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"})").message,
              HasSubstr("request: found none"));
  EXPECT_THAT(why(R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{}})").message,
              HasSubstr("request.uid"));
  EXPECT_EQ(why(std::string(kMaxBodyBytes + 1, ' ')).code, ErrorCode::TooLarge);
  EXPECT_EQ(why(std::string(200, '[')).code, ErrorCode::TooLarge);
}

TEST(Answer, CarriesUidVerdictAndWarningsOnOneLineEach) {
  Answer answer;
  answer.allowed = false;
  answer.message = "two\nlines";
  answer.warnings = {"a\r\nb", std::string(5'000, 'x')};
  const Json response = Json::parse(review_answer("u-7", answer)).at("response");
  EXPECT_EQ(response.at("uid"), "u-7");
  EXPECT_EQ(response.at("allowed"), false);
  EXPECT_EQ(string_at(response, "status.message"), "two lines");
  EXPECT_EQ(response.at("warnings").at(0), "a  b");
  EXPECT_LE(response.at("warnings").at(1).get<std::string>().size(), 1'024u);
  EXPECT_FALSE(Json::parse(review_answer("u-7", Answer())).at("response").contains("status"));
}

TEST(Evaluate, RefusesABrokenObjectAndNothingThatIsNoWriteOfIt) {
  const Json question = review("PromptVersion", broken_prompt());
  EXPECT_FALSE(answer_to(question).allowed);
  for (const auto& [field, value] :
       {std::pair{"operation", "DELETE"}, {"operation", "CONNECT"}, {"subResource", "status"}}) {
    Json other = question;
    other["request"][field] = value;
    EXPECT_TRUE(answer_to(other).allowed) << field << " " << value;
  }
  EXPECT_TRUE(answer_to(review("Pod", broken_prompt())).allowed);
}

TEST(Evaluate, LetsGoWhatIsBeingDeletedAndWhatDidNotChange) {
  Json question = review("PromptVersion", broken_prompt());
  question["request"]["object"]["metadata"]["deletionTimestamp"] = "2026-11-21T10:00:00Z";
  EXPECT_TRUE(answer_to(question).allowed);
  question = review("PromptVersion", broken_prompt());
  question["request"]["operation"] = "UPDATE";
  question["request"]["oldObject"] = broken_prompt();
  question["request"]["object"]["metadata"]["labels"] = {{"team", "a"}};
  EXPECT_TRUE(answer_to(question).allowed);
}

// A ModelDeployment whose inline prompt is `text`, with a command or none.
Json deployment(const char* text, int replicas, const char* command) {
  Json object = {{"metadata", {{"name", "bot"}, {"generation", 2}}},
                 {"spec",
                  {{"backend",
                    {{"pods",
                      {{"model", {{"uri", "image:///m.gguf"}}},
                       {"engine", {{"type", "llamacpp"}, {"image", "localhost/engine:1"}}}}}}},
                   {"replicas", replicas},
                   {"prompt", {{"messages", {{{"role", "system"}, {"content", text}}}}}}}}};
  if (*command) object["metadata"]["annotations"]["llmops.dev/command"] = command;
  return object;
}

Answer change(Json before, Json after) {
  Json question = review("ModelDeployment", std::move(after));
  question["request"]["operation"] = "UPDATE";
  question["request"]["oldObject"] = std::move(before);
  return answer_to(question);
}

TEST(Evaluate, LetsABrokenObjectBeChangedElsewhere) {
  const char* broken = "Hello {{ name";
  const Answer elsewhere = change(deployment(broken, 1, ""), deployment(broken, 3, ""));
  EXPECT_TRUE(elsewhere.allowed) << elsewhere.message;
  EXPECT_EQ(elsewhere.warnings.size(), 1u);
  EXPECT_FALSE(change(deployment(broken, 1, ""), deployment("{% if", 1, "")).allowed) << "broken anew";
  EXPECT_TRUE(change(deployment(broken, 1, ""), deployment(broken, 1, "abort id=1")).allowed) << "steered";
}

TEST(Evaluate, AsksAboutACommandOnce) {
  const char* stale = "promote revision=9 step=1 id=7";
  const Answer click = change(deployment("Hello.", 1, ""), deployment("Hello.", 1, stale));
  EXPECT_FALSE(click.allowed);
  EXPECT_THAT(click.message, HasSubstr("revision 9 is no longer current"));
  EXPECT_TRUE(change(deployment("Hello.", 1, stale), deployment("Hello.", 2, stale)).allowed);
}

TEST(Evaluate, LetsAnObjectOfANewerVersionThroughAndSaysSo) {
  Json object = broken_prompt();
  object["spec"]["template"] = {{"format", "of-tomorrow"}};
  const Answer answer = answer_to(review("PromptVersion", object));
  EXPECT_TRUE(answer.allowed);
  ASSERT_EQ(answer.warnings.size(), 1u);
  EXPECT_THAT(answer.warnings[0], HasSubstr("spec.template.format"));
}

TEST(Evaluate, SaysNothingAboutNeighboursThatItCannotKnow) {
  Json question = review("ModelDeployment",
                         {{"metadata", {{"name", "bot"}}},
                          {"spec",
                           {{"backend",
                             {{"pods",
                               {{"model", {{"uri", "image:///m.gguf"}}},
                                {"engine", {{"type", "llamacpp"}, {"image", "localhost/engine:1"}}}}}}},
                            {"replicas", 1},
                            {"promptRef", {{"name", "later"}}}}}});
  EXPECT_EQ(answer_to(question).warnings.size(), 1u);
  question["request"]["namespace"] = "elsewhere";
  EXPECT_TRUE(answer_to(question).warnings.empty());
}

}  // namespace
}  // namespace llmops::admission
