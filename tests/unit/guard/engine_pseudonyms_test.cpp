#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine_support.hpp"
#include "gateway/guard/engine/pseudonyms.hpp"
#include "gateway/guard/recognisers/check_digits.hpp"

namespace llmops::guard {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing_support::compile;
using testing_support::stream;

constexpr const char* kPseudonymise =
    R"([{"name": "pii", "type": "pii", "action": "Pseudonymise", "stages": ["input", "tool"]},
                                          {"name": "out", "type": "pii", "action": "Mask", "stages": ["output"]}])";

TEST(Pseudonyms, StandForTheSameValueThroughoutASession) {
  GuardSession session(compile(kPseudonymise), {"", 7});
  const std::string once = session.check(Stage::Input, "메일은 jiyoon@example.com 입니다").text;
  const std::string twice = session.check(Stage::Input, "메일은 ｊｉｙｏｏｎ＠example.com 입니다").text;
  EXPECT_THAT(once, Not(HasSubstr("jiyoon")));
  EXPECT_EQ(once, twice);
  GuardSession other(compile(kPseudonymise), {"", 8});
  EXPECT_NE(other.check(Stage::Input, "메일은 jiyoon@example.com 입니다").text, once);
}

TEST(Pseudonyms, ComeBackInAnswersAcrossEveryChunkBorder) {
  GuardSession session(compile(kPseudonymise), {"", 7});
  const std::string seen =
      session.check(Stage::Input, "주민등록번호 960101-1234561, 메일 jiyoon@example.com").text;
  ASSERT_THAT(seen, Not(HasSubstr("1234561")));
  const std::string answer = "확인: " + seen + ". 010-9876-5432 로 연락";
  const std::string expected = "확인: 주민등록번호 960101-1234561, 메일 jiyoon@example.com. [PHONE] 로 연락";
  EXPECT_EQ(session.check(Stage::Output, answer).text, expected);
  for (std::size_t piece = 1; piece < answer.size(); ++piece) {
    const auto streamed = stream(session, Stage::Output, answer, piece);
    ASSERT_EQ(streamed.out, expected) << piece;
    ASSERT_EQ(streamed.findings.size(), 1u) << "the pseudonyms are no findings";
  }
}

TEST(Pseudonyms, ComeBackInTheArgumentsOfTools) {
  GuardSession session(compile(kPseudonymise), {"", 7});
  const std::string seen =
      session.check(Stage::Input, "메일 jiyoon@example.com").text.substr(std::string("메일 ").size());
  EXPECT_EQ(stream(session, Stage::Tool, "{\"to\":\"" + seen + "\"}", 3, TextForm::Json).out,
            "{\"to\":\"jiyoon@example.com\"}");
}

TEST(Pseudonyms, OfTheAnswerDoNotComeBack) {
  GuardSession session(compile(R"([{"name": "pii", "type": "pii", "action": "Pseudonymise"}])"), {"", 7});
  const std::string text = "Write to jiyoon@example.com, or to jiyoon@example.com.";
  const std::string out = stream(session, Stage::Output, text, 1).out;
  EXPECT_THAT(out, Not(HasSubstr("jiyoon")));
  EXPECT_EQ(session.check(Stage::Output, text).text, out);
}

TEST(Pseudonyms, AreNeverRealValues) {
  Pseudonyms names(3);
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i) {
    const std::string number = std::to_string(i);
    const std::string rrn = names.stand_in("rrn", number, number, true);
    EXPECT_FALSE(read_resident_number(digits_of(rrn)).real_date) << rrn;
    EXPECT_TRUE(names.stand_in("iban", number, number, true).starts_with("ZZ00"));
    EXPECT_FALSE(is_social_security_number(digits_of(names.stand_in("ssn", number, number, true))));
    EXPECT_TRUE(names.stand_in("email", number, number, true).ends_with(".invalid"));
    EXPECT_TRUE(names.stand_in("card", number, number, true).starts_with("0000"));
    for (const char* kind : {"rrn", "phone", "email", "card", "bank-account", "vehicle-plate", "regex"})
      EXPECT_TRUE(seen.insert(names.stand_in(kind, number, number, true)).second || true);
  }
  EXPECT_EQ(seen.size(), 2000u * 7) << "each value has its own";
}

}  // namespace
}  // namespace llmops::guard
