// The law of SpanRule on every cut of texts in which findings touch, overlap, break off and go on.
#include <gtest/gtest.h>

#include <random>

#include "harness.hpp"
#include "measured.hpp"

namespace llmops::guard {
namespace {

const std::vector<std::string>& parts() {
  static const std::vector<std::string> all{
      "960101-1234561",
      "900101-5123452",
      "010-2345-6789",
      "4111 1111 1111 1111",
      "DE89 3704 0044 0532 0130 00",
      "a.b@example.com",
      "계좌 110-234-567890",
      "123-45-67891",
      "130111-0006246",
      "서울특별시 강남구 테헤란로 152, 3층",
      "192.168.0.12",
      "2001:db8::1:2",
      "M123A4567",
      "12가3456",
      "11-05-123456-78",
      "주문번호 ",
      "여권 ",
      "전화 ",
      "-",
      " ",
      "1",
      "0",
      "이야",
      ".",
      "@",
      ":",
      "+82 10 2345 6789",
      "536-90-4399",
      "password=",
      "aZ3kQ9xL7pW2mR5t",
      std::string("ghp") + "_aZ3kQ9xL7pW2mR5tY8bN4cV6dF1gH0jSaZ3k",
      std::string("eyJ") + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.aZ3kQ9xL7pW2mR5t",
      std::string("-----BEGIN ") +
          "PRIVATE KEY-----\naZ3kQ9xL7pW2mR5tY8bN4cV6dF1gH0jS\n-----END PRIVATE KEY-----",
      "비번: ",
      "\n",
      "ssn 536 90 4399",
      "주소: 중앙로 12-3",
      "통장 우체국 123456 12 123456",
      "ship to 12 Oak Street",
      "960101 1234561",
      "02 555 0199",
      "0507 1234 5678",
      "02) 555-0199",
      "(415) 555-0132",
      "07911 123456",
      "3782 822463 10005",
      "차량 12가 3456",
      "서울 12가 3456",
      "9:00 ",
      "2026 ",
      "12주 ",
      "주소를 ",
      "://한국사람이름이아주긴사용자의계정이름입니다아주길어요정말로:aZ3kQ9xL@host"};
  return all;
}

std::string mixed(std::mt19937& random, std::size_t pieces) {
  std::string text;
  for (std::size_t i = 0; i < pieces; ++i) text += parts()[random() % parts().size()];
  return text;
}

std::string long_block() {
  std::string text = std::string("token=-----BEGIN ") + "PRIVATE KEY-----\n";
  for (int i = 0; i < 40; ++i) text += "aZ3kQ9xL7pW2mR5tY8bN4cV6dF1gH0jSaZ3kQ9xL7pW2mR5tY8bN4cV6dF1gH0jS\n";
  return text + "-----END PRIVATE KEY----- 010-2345-6789 password=aZ3kQ9xL7pW2mR5t and prose. ";
}

void expect_law(const SpanRule& rule, const std::string& text) {
  const auto whole = scan_whole(rule, text);
  for (const std::size_t step : {1u, 2u, 5u, 13u})
    for (const bool keep_all : {true, false})
      ASSERT_EQ(scan_pieces(rule, text, step, keep_all), whole) << "step " << step << " of: " << text;
}

// All ways to cut the text in two.
void expect_two_parts(const SpanRule& rule, const std::string& text) {
  const auto whole = scan_whole(rule, text);
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    if ((static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) continue;
    Scan scan;
    rule.scan({.text = std::string_view(text).substr(0, cut), .from = 0, .complete = false, .resume = {}},
              scan);
    std::vector<Found> now, later;
    for (const Span& span : scan.spans)
      now.push_back({std::string(span.entity), span.begin, span.end, span.confidence});
    for (const Found& found : whole)
      if (found.begin < scan.decided) later.push_back(found);
    if (scan.resume.empty()) ASSERT_EQ(now, later) << "cut at " << cut << " of: " << text;
  }
}

void expect_law_of_mixtures(const SpanRule& rule, unsigned seed) {
  std::mt19937 random(seed);
  for (int i = 0; i < 120; ++i) {
    const std::string text = mixed(random, 2 + random() % 9);
    ASSERT_NO_FATAL_FAILURE(expect_law(rule, text));
    if (i % 5 == 0) ASSERT_NO_FATAL_FAILURE(expect_two_parts(rule, text));
  }
}

TEST(RecogniserLaw, PiecesOfPersonalDataAreTheWholeText) {
  expect_law_of_mixtures(*pii_rule(), 20261121);
}

TEST(RecogniserLaw, PiecesOfPersonalDataAreTheWholeTextWhateverTheConfidence) {
  expect_law_of_mixtures(*pii_rule({}, 0.3), 20261124);
  expect_law_of_mixtures(*pii_rule({}, 0.85), 20261125);
}

TEST(RecogniserLaw, PiecesOfSecretsAreTheWholeText) {
  expect_law_of_mixtures(*secrets_rule(), 20261122);
}

TEST(RecogniserLaw, PiecesOfEveryLabelledLineAreTheWholeLine) {
  const auto personal = pii_rule();
  const auto secrets = secrets_rule();
  std::size_t lines = 0;
  for (const std::string& line : labelled_lines()) {
    ++lines;
    for (const SpanRule* rule : {personal.get(), secrets.get()})
      ASSERT_EQ(scan_pieces(*rule, line, 1, false), scan_whole(*rule, line)) << line;
  }
  EXPECT_GT(lines, 1000u);
}

// The name of a value is the end of another finding, behind which the next window begins.
TEST(RecogniserLaw, ANameInsideOfAFindingStillNamesItsValue) {
  const std::string personal = "to a@example.ssn 536 90 4399 now";
  ASSERT_EQ(scan_whole(*pii_rule(), personal).size(), 2u);
  expect_law(*pii_rule(), personal);
  const std::string secret =
      std::string("sk-") +
      "proj-aZ3kQ9xL7pW2mR5tY8bN4cV6dF1gH0jSaZ3kQ9xL7pW2-password=aZ3kQ9xL7pW2mR5tY8 now";
  ASSERT_EQ(scan_whole(*secrets_rule(), secret).size(), 2u);
  expect_law(*secrets_rule(), secret);
}

// With a short limit values are overlong too, and begin behind their names all the same.
TEST(RecogniserLaw, AShortLimitKeepsTheLawOfPersonalData) {
  RuleContext context;
  context.max_match_bytes = 16;
  const auto rule = make_pii_rule({}, context);
  ASSERT_TRUE(rule.ok());
  expect_law_of_mixtures(**rule, 20261126);
}

// With a short limit bounded tokens are overlong too, around a block that goes on.
TEST(RecogniserLaw, AShortLimitKeepsTheLaw) {
  RuleContext context;
  context.max_match_bytes = 40;
  const auto rule = make_secrets_rule({}, context);
  ASSERT_TRUE(rule.ok());
  std::mt19937 random(20261123);
  for (int i = 0; i < 6; ++i) {
    std::string text = "://user:";
    for (std::size_t size = random() % 30; size > 0; --size) text += "aB3-"[random() % 4];
    text += std::string(".eyJ");
    for (std::size_t size = 30 + random() % 60; size > 0; --size) text += "aB3-"[random() % 4];
    text += random() % 2 == 0 ? "@host " : " ";
    expect_law(**rule, text + "and prose behind it");
    if (HasFatalFailure()) return;
  }
}

TEST(RecogniserLaw, ABlockLongerThanTheLimitIsToldWhileItGoesOn) {
  const auto rule = secrets_rule();
  const std::string text = long_block();
  const auto whole = scan_whole(*rule, text);
  ASSERT_EQ(whole.size(), 2u);
  EXPECT_GT(whole[0].end - whole[0].begin, 2600u);
  for (const std::size_t step : {1u, 7u, 300u})
    for (const bool keep_all : {true, false})
      ASSERT_EQ(scan_pieces(*rule, text, step, keep_all), whole) << step;
}

TEST(RecogniserLaw, WhatIsUndecidedOfALongBlockStaysShort) {
  const auto rule = secrets_rule();
  const std::string text = long_block();
  std::size_t from = 0;
  std::string resume;
  for (std::size_t end = 1; end <= 2600; ++end) {
    Scan scan;
    rule->scan(
        {.text = std::string_view(text).substr(0, end), .from = from, .complete = false, .resume = resume},
        scan);
    ASSERT_LE(end - scan.decided, 520u) << end;
    resume = scan.resume;
    from = scan.decided;
  }
  EXPECT_FALSE(resume.empty());
}

TEST(RecogniserLaw, OrdinaryProseIsHeldForAWordAtMost) {
  const auto rule = pii_rule();
  const std::string text =
      "배송은 보통 이틀에서 사흘이 걸리며 주말에는 쉽니다. The parcel usually takes two or three days and "
      "nothing moves on weekends. ";
  for (std::size_t end = 1; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) continue;
    Scan scan;
    rule->scan({.text = std::string_view(text).substr(0, end), .from = 0, .complete = false, .resume = {}},
               scan);
    const std::size_t word = text[end - 1] == ' ' ? 0 : end - 1 - text.rfind(' ', end - 1);
    EXPECT_LE(end - scan.decided, word) << text.substr(0, end);
  }
}

TEST(RecogniserLaw, ANameBeforeAValueIsSeenWhereverTheTextIsCut) {
  const std::vector<std::string> texts{"my ssn is 536 90 4399 4 and the phone 010-2345-6789 too",
                                       "주소: 중앙로 12 101동 202호 그리고 서울",
                                       "입금은 계좌 농협 302 1234 5678 91 로",
                                       "I live at 12 Long Hill Road and ship to 9 Park St. today",
                                       "password = \"kR8#vQ2!mZ5x\" and api_key: 9f8A7b6C5d4E3f2G1h0J ok",
                                       "ssn 960101-1234561 536 90 4399 social security no. 536 90 4399"};
  for (const auto& rule : {pii_rule(), secrets_rule()})
    for (const std::string& text : texts)
      for (std::size_t step = 1; step < 12; ++step)
        EXPECT_EQ(scan_pieces(*rule, text, step, false), scan_whole(*rule, text)) << step << ": " << text;
  EXPECT_FALSE(scan_whole(*pii_rule(), texts[0]).empty());
  EXPECT_FALSE(scan_whole(*secrets_rule(), texts[4]).empty());
}

}  // namespace
}  // namespace llmops::guard
