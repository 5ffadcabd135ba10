#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>

#include "crds/base/json.hpp"
#include "gateway/guard/rules/makers.hpp"
#include "rules_law.hpp"

namespace llmops::guard {
namespace {

using testing_support::expect_same_for_all_splits;
using testing_support::verdict_of;
using Verdict = TextRule::Verdict;
using Language = api::GuardrailLanguage;

std::unique_ptr<TextRule> max_tokens(std::int64_t most) {
  api::MaxTokensSettings settings;
  settings.max = most;
  return std::move(*make_max_tokens_rule(settings, {}));
}

std::unique_ptr<TextRule> language(std::vector<Language> allowed, double share = 0.7) {
  api::LanguageSettings settings;
  settings.allowed = std::move(allowed);
  settings.min_share = share;
  return std::move(*make_language_rule(settings, {}));
}

std::unique_ptr<TextRule> json_schema(const char* schema) {
  api::JsonSchemaSettings settings;
  settings.schema = *parse_json(schema);
  auto rule = make_json_schema_rule(settings, {});
  EXPECT_TRUE(rule.ok());
  return std::move(*rule);
}

TEST(MaxTokens, CountsFourBytesOfLatinAndEachHangulHanAndKana) {
  EXPECT_EQ(verdict_of(*max_tokens(2), "12345678"), Verdict::Fine);
  EXPECT_EQ(verdict_of(*max_tokens(2), "123456789"), Verdict::Violated);
  EXPECT_EQ(verdict_of(*max_tokens(4), "한글漢か"), Verdict::Fine);
  EXPECT_EQ(verdict_of(*max_tokens(3), "한글漢か"), Verdict::Violated);
  EXPECT_EQ(verdict_of(*max_tokens(3), "환불 ok"), Verdict::Fine) << "2 and ceil(3 / 4)";
  EXPECT_EQ(verdict_of(*max_tokens(2), "환불 ok"), Verdict::Violated);
  EXPECT_EQ(verdict_of(*max_tokens(1), "é é"), Verdict::Violated) << "five bytes";
  EXPECT_EQ(verdict_of(*max_tokens(1), ""), Verdict::Fine);
}

TEST(MaxTokens, IsTheSameForEverySplitEvenInsideACharacter) {
  for (const std::int64_t most : {1, 3, 5, 6, 7, 20})
    expect_same_for_all_splits(*max_tokens(most), "환불은 14일, ok? か漢 \xF0\x9F\x99\x82 \xff\xe1");
}

TEST(MaxTokens, TellsTheMomentExactly) {
  const auto session = max_tokens(3)->begin();
  EXPECT_EQ(session->feed("한글말", false), Verdict::Fine);
  EXPECT_EQ(session->feed("\xEC\x97", false), Verdict::Fine) << "not a character yet";
  EXPECT_EQ(session->feed("\xAC", false), Verdict::Violated);
  EXPECT_EQ(session->feed("", true), Verdict::Violated);
}

TEST(Language, JudgesByTheShareOfLettersOfAllowedScripts) {
  const std::string korean = "환불은 상품을 받으신 날부터 십사 일 이내에 신청하실 수 있습니다.";
  const std::string english = "A refund can be asked for within fourteen days of delivery.";
  const std::string japanese = "返金は商品を受け取ってから十四日以内に申し込むことができます。";
  const std::string russian = "Возврат можно оформить в течение четырнадцати дней.";
  EXPECT_EQ(verdict_of(*language({Language::Ko}), korean), Verdict::Fine);
  EXPECT_EQ(verdict_of(*language({Language::Ko}), english), Verdict::Violated);
  EXPECT_EQ(verdict_of(*language({Language::En}), korean), Verdict::Violated);
  EXPECT_EQ(verdict_of(*language({Language::Ko, Language::En}), korean + english), Verdict::Fine);
  EXPECT_EQ(verdict_of(*language({Language::Ja}), japanese), Verdict::Fine);
  EXPECT_EQ(verdict_of(*language({Language::Zh}), japanese), Verdict::Violated) << "kana is not Chinese";
  EXPECT_EQ(verdict_of(*language({Language::Ru}), russian), Verdict::Fine);
  EXPECT_EQ(verdict_of(*language({Language::Ko, Language::En}), russian), Verdict::Violated);
}

TEST(Language, LetsShortTextsPass) {
  EXPECT_EQ(verdict_of(*language({Language::Ko}), "OK, thank you!"), Verdict::Fine);
  EXPECT_EQ(verdict_of(*language({Language::Ko}), "네, OK. Thank you so much!"), Verdict::Fine);
}

TEST(Language, SaysFineFromTheFirstWordOfAnAllowedLanguage) {
  const auto korean = language({Language::Ko})->begin();
  EXPECT_EQ(korean->feed("1. ", false), Verdict::Fine) << "no letter says anything yet";
  EXPECT_EQ(korean->feed("환", false), Verdict::Fine);
  const auto english = language({Language::Ko, Language::En})->begin();
  EXPECT_EQ(english->feed("T", false), Verdict::Fine) << "a link could not make it worse";
  const auto russian = language({Language::Ko, Language::En})->begin();
  EXPECT_EQ(russian->feed("В", false), Verdict::Undecided);
}

TEST(Language, HoldsWordsThatMayBeOfAnotherLanguageUntilTheShareSuffices) {
  const auto session = language({Language::Ko})->begin();
  EXPECT_EQ(session->feed("GPU", false), Verdict::Undecided);
  EXPECT_EQ(session->feed(" 서버는 정", false), Verdict::Undecided) << "4 of 7";
  EXPECT_EQ(session->feed("상입니", false), Verdict::Fine) << "7 of 10";
  const auto turned = language({Language::Ko})->begin();
  EXPECT_EQ(turned->feed("네, ", false), Verdict::Fine);
  EXPECT_EQ(turned->feed("here is all ", false), Verdict::Undecided);
  EXPECT_EQ(turned->feed("that you have asked me for ", false), Verdict::Undecided);
  EXPECT_EQ(turned->feed("", true), Verdict::Violated);
}

TEST(Language, CountsNeitherCodeNorLinksNorAddresses) {
  const std::string korean = "이 명령을 터미널에 넣으면 설정이 끝나고 서버가 다시 시작됩니다. ";
  EXPECT_EQ(verdict_of(*language({Language::Ko}), korean +
                                                      "```\nkubectl rollout restart deployment gateway && "
                                                      "kubectl get pods --watch --namespace shop\n```\n" +
                                                      korean),
            Verdict::Fine);
  EXPECT_EQ(
      verdict_of(*language({Language::Ko}),
                 korean + "`kubectl rollout restart deployment` https://docs.example.com/how/to/restart/it "
                          "jiyoon.longname@department.example.com www.example.com/some/long/path"),
      Verdict::Fine);
  EXPECT_EQ(
      verdict_of(*language({Language::Ko}), korean + "kubectl rollout restart deployment gateway and wait"),
      Verdict::Violated);
}

TEST(Language, WaitsForATextThatBeginsWithNamesAndEndsOneThatTurnsAway) {
  const std::string names = "Kubernetes Operator, Gateway API, ModelDeployment";
  const std::string korean =
      "는 모두 이 문서에서 설명하는 구성 요소이며 각각의 설정 방법은 아래에 차례대로 나와 있습니다. 먼저 첫 "
      "번째 "
      "구성 요소의 설치 방법부터 살펴보고 그다음에 나머지 구성 요소를 하나씩 자세히 설명하겠습니다. "
      "마지막으로 문제가 "
      "생겼을 때 확인할 점을 정리합니다.";
  const auto rule = language({Language::Ko});
  EXPECT_EQ(rule->begin()->feed(names, false), Verdict::Undecided);
  EXPECT_EQ(verdict_of(*rule, names + korean), Verdict::Fine);
  const auto session = rule->begin();
  EXPECT_EQ(session->feed("환불은 상품을 받으신 날부터 십사 일 이내에 신청하실 수 있습니다. ", false),
            Verdict::Fine);
  EXPECT_EQ(session->feed("From here on the answer goes on in ", false), Verdict::Undecided);
  EXPECT_EQ(
      session->feed(
          "English and does not come back to Korean, whatever the guardrail that was set up for it says. "
          "There is "
          "nothing more to be read in the language that was asked for, only this, until somebody ends it.",
          false),
      Verdict::Violated);
}

TEST(Language, BoundsWhatWaits) {
  const auto session = language({Language::Ko})->begin();
  EXPECT_EQ(session->feed("```\n" + std::string(600, 'x'), false), Verdict::Fine);
  const auto other = language({Language::Ko})->begin();
  EXPECT_EQ(other->feed("This answer begins in English, more than is needed ", false), Verdict::Undecided);
  EXPECT_EQ(other->feed("```\n" + std::string(2100, 'x'), false), Verdict::Violated);
}

TEST(Language, IsTheSameForEverySplit) {
  for (const char* text :
       {"환불은 상품을 받으신 날부터 `code` 십사 일 이내에 https://example.com/abcdefghijklm 신청하실 수 "
        "있습니다. And "
        "this is English that nobody asked for, long enough to be seen as such.",
        "```js\nlet value = compute();\n``` 다음과 같이 값을 계산하고 결과를 화면에 출력하는 코드입니다 "
        "감사합니다",
        "Kubernetes Operator 설명서를 아래에 적어 두었으니 천천히 읽어 보시기 바랍니다", "\xff\xfe", ""})
    for (const double share : {0.3, 0.7, 1.0})
      expect_same_for_all_splits(*language({Language::Ko}, share), text);
}

// Up to where all is fine, and where it is violated (or the end), when so many bytes are offered at once.
std::pair<std::size_t, std::size_t> told(const TextRule& rule, std::string_view text, std::size_t most) {
  const auto session = rule.begin();
  std::size_t fine = 0, at = 0;
  while (at < text.size()) {
    std::size_t end = std::min(text.size(), at + most);
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    const TextRule::Session::Told told = session->feed_characters(text.substr(at, end - at));
    EXPECT_GT(told.taken, 0U);
    if (told.fine > 0) fine = at + told.fine;
    at += told.taken;
    if (told.verdict == Verdict::Violated) return {fine, at};
  }
  return {fine, text.size() + 1};
}

// The same by TextRule::Session::feed, which takes nothing at once.
std::pair<std::size_t, std::size_t> told_one_by_one(const TextRule& rule, std::string_view text) {
  const auto session = rule.begin();
  std::size_t fine = 0, begin = 0;
  for (std::size_t end : testing_support::character_ends(std::string(text) + ' ')) {
    const Verdict verdict = session->feed(text.substr(begin, end - begin), false);
    if (verdict == Verdict::Fine) fine = end;
    if (verdict == Verdict::Violated) return {fine, end};
    begin = end;
  }
  return {fine, text.size() + 1};
}

TEST(TextRules, TellTheSameOfManyCharactersAtOnceAsOneByOne) {
  const std::vector<std::string_view> fragments = {
      "a", "the", "wW", "www", ".",    "://", ":",  "/",  "@",      " ",       "\n",
      "`", "```", "-",  "12",  "한국", "은",  "漢", "か", "привет", "letters", "abcdefghijklmnopqrstuvwxyz"};
  std::mt19937 random(11);
  for (int round = 0; round < 2000 && !HasFailure(); ++round) {
    const std::string text = testing_support::random_text(random, fragments, 1 + random() % 40);
    const std::unique_ptr<TextRule> rules[] = {language({Language::Ko}), language({Language::En}, 0.5),
                                               max_tokens(1 + static_cast<std::int64_t>(random() % 40))};
    for (const auto& rule : rules)
      for (const std::size_t most : {std::size_t{1}, std::size_t{5}, text.size()})
        ASSERT_EQ(told(*rule, text, most), told_one_by_one(*rule, text)) << most << ": " << text;
  }
}

TEST(TextRules, TellTheSameOfManyCharactersAsOfOne) {
  const std::string mixed =
      "네, `code` GPU 서버는 https://example.com/a 정상입니다. Here is more, www.example.com and so on and "
      "on, "
      "until nobody can say any more that this is an answer in Korean: it is one in English, word by word, "
      "as "
      "long as it is, and it has been so for quite a while now, has it not? It has, and it will be for ever.";
  for (const std::size_t most : {std::size_t{2}, std::size_t{7}, std::size_t{64}, mixed.size()}) {
    for (const double share : {0.3, 0.7, 1.0})
      EXPECT_EQ(told(*language({Language::Ko}, share), mixed, most),
                told(*language({Language::Ko}, share), mixed, 1));
    EXPECT_EQ(told(*language({Language::Ko, Language::En}), mixed, most),
              told(*language({Language::Ko, Language::En}), mixed, 1));
    for (const std::int64_t tokens : {1, 5, 40, 60, 1000})
      EXPECT_EQ(told(*max_tokens(tokens), mixed, most), told(*max_tokens(tokens), mixed, 1)) << tokens;
  }
  EXPECT_LT(told(*language({Language::Ko}), mixed, 1).second, mixed.size()) << "nothing is violated";
}

TEST(JsonSchemaRule, IsUndecidedUntilTheEndAndThenJudgesTheDocument) {
  const auto rule =
      json_schema(R"({"type":"object","required":["days"],"properties":{"days":{"type":"integer"}}})");
  const auto session = rule->begin();
  EXPECT_EQ(session->feed(R"({"days": )", false), Verdict::Undecided);
  EXPECT_EQ(session->feed("14}", false), Verdict::Undecided);
  EXPECT_EQ(session->feed("", true), Verdict::Fine);
  EXPECT_EQ(verdict_of(*rule, R"({"days": "14"})"), Verdict::Violated);
  EXPECT_EQ(verdict_of(*rule, R"({})"), Verdict::Violated);
  EXPECT_EQ(verdict_of(*rule, R"({"days": 14)"), Verdict::Violated);
  EXPECT_EQ(verdict_of(*rule, ""), Verdict::Violated);
}

TEST(JsonSchemaRule, AcceptsOneFenceAndNoProseAroundIt) {
  const auto rule = json_schema(R"({"type":"array"})");
  EXPECT_EQ(verdict_of(*rule, "```json\n[1, 2]\n```"), Verdict::Fine);
  EXPECT_EQ(verdict_of(*rule, " \n```\n[1]```\n"), Verdict::Fine);
  EXPECT_EQ(verdict_of(*rule, "Here it is:\n```json\n[1]\n```"), Verdict::Violated);
  EXPECT_EQ(verdict_of(*rule, "```python\n[1]\n```"), Verdict::Violated);
  EXPECT_EQ(verdict_of(*rule, "```json\n[1]"), Verdict::Violated);
  EXPECT_EQ(verdict_of(*rule, "```"), Verdict::Violated);
  EXPECT_EQ(verdict_of(*rule, "``````"), Verdict::Violated);
  EXPECT_EQ(verdict_of(*rule, "```\n```"), Verdict::Violated);
  expect_same_for_all_splits(*rule, "```json\n[\"가\"]\n```");
}

TEST(JsonSchemaRule, BoundsWhatItKeeps) {
  const auto session = json_schema("{}")->begin();
  const std::string piece(300'000, ' ');
  EXPECT_EQ(session->feed(piece, false), Verdict::Undecided);
  for (int i = 0; i < 3; ++i) session->feed(piece, false);
  EXPECT_EQ(session->feed("1", false), Verdict::Violated);
  EXPECT_EQ(session->feed("", true), Verdict::Violated);
}

TEST(JsonSchemaRule, NamesWhatIsWrongWithTheSchema) {
  api::JsonSchemaSettings settings;
  settings.schema = *parse_json(R"({"type":"text"})");
  const auto rule = make_json_schema_rule(settings, {});
  ASSERT_FALSE(rule.ok());
  EXPECT_EQ(rule.error().message.rfind("schema: /type", 0), 0u) << rule.error().message;
}

}  // namespace
}  // namespace llmops::guard
