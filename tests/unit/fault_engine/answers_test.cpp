#include "e2e/fault_engine/answers.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "crds/base/json.hpp"
#include "gateway/guard/refusal/refusal.hpp"

namespace llmops::fault_engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string read(const std::string& path) {
  std::ifstream file(LLMOPS_SOURCE_DIR "/" + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  return text;
}

TEST(FaultEngineAnswers, every_question_of_the_golden_set_gets_its_reference) {
  const std::string golden = read("e2e/engine/golden.jsonl");
  const auto answers = Answers::parse(golden);
  ASSERT_TRUE(answers.ok()) << answers.error().message;
  EXPECT_EQ(answers->size(), 60u);
  const auto first = parse_json(golden.substr(0, golden.find('\n')));
  ASSERT_TRUE(first.ok());
  const std::string* found = answers->find(" " + string_at(*first, "input") + "\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, string_at(*first, "reference"));
  EXPECT_EQ(answers->find("What else?"), nullptr);
}

TEST(FaultEngineAnswers, no_right_answer_of_the_golden_set_is_a_refusal) {
  const auto answers = Answers::parse(read("e2e/engine/golden.jsonl"));
  ASSERT_TRUE(answers.ok());
  const guard::RefusalRules rules;
  const std::string golden = read("e2e/engine/golden.jsonl");
  for (std::size_t at = 0; at < golden.size(); at = golden.find('\n', at) + 1) {
    const auto item = parse_json(golden.substr(at, golden.find('\n', at) - at));
    ASSERT_TRUE(item.ok());
    const std::string* answer = answers->find(string_at(*item, "input"));
    ASSERT_TRUE(answer);
    EXPECT_FALSE(rules.refuses(*answer)) << *answer;
  }
}

TEST(FaultEngineAnswers, a_line_that_is_no_item_is_named) {
  const auto half = Answers::parse("{\"input\":\"a\",\"reference\":\"b\"}\n\n{\"input\":\"a\"}\n");
  ASSERT_FALSE(half.ok());
  EXPECT_THAT(half.error().message, HasSubstr("line 3"));
  EXPECT_FALSE(Answers::parse("no JSON").ok());
  EXPECT_EQ(Answers::parse("")->size(), 0u);
}

TEST(FaultEngineAnswers, refusals_are_seen_by_the_scorer_in_both_languages) {
  const guard::RefusalRules rules;
  const std::string_view english = refusal_to("How long do I have?"),
                         korean = refusal_to("환불은 언제까지 되나요?");
  EXPECT_NE(english, korean);
  EXPECT_TRUE(rules.refuses(english));
  EXPECT_TRUE(rules.refuses(korean));
  EXPECT_THAT(std::string(english), HasSubstr("help"));
  // Accents and emoji are no Korean.
  EXPECT_EQ(refusal_to("Où est mon café? 😀"), english);
  // U+A9BF lies before the syllables, U+AC00 and U+D7A3 are the first and the last of them.
  EXPECT_EQ(refusal_to("ꦿ"), english);
  EXPECT_EQ(refusal_to("가"), korean);
  EXPECT_EQ(refusal_to("힣"), korean);
}

TEST(FaultEngineAnswers, pieces_are_words_that_make_up_the_text_again) {
  EXPECT_THAT(pieces_of("one two  three"), ElementsAre("one", " two", "  three"));
  const std::string text = "상품을 받으신 날부터 14일 이내에 환불을 신청하실 수 있습니다.";
  EXPECT_EQ(joined(pieces_of(text)), text);
  EXPECT_TRUE(pieces_of("").empty());
}

TEST(FaultEngineAnswers, an_answer_has_as_many_words_as_were_asked_for) {
  EXPECT_EQ(joined(pieces_of_length("one two three", 2)), "one two");
  EXPECT_EQ(joined(pieces_of_length("one two", 5)), "one two one two one");
  EXPECT_TRUE(pieces_of_length(" ", 5).empty());
}

}  // namespace
}  // namespace llmops::fault_engine
