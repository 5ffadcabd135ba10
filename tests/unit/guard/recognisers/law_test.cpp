// The law of SpanRule on every cut of texts in which findings touch, overlap, break off and go on.
#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "harness.hpp"

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
      "ship to 12 Oak Street"};
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

TEST(RecogniserLaw, PiecesOfPersonalDataAreTheWholeText) {
  const auto rule = pii_rule();
  std::mt19937 random(20261121);
  for (int i = 0; i < 60; ++i) {
    const std::string text = mixed(random, 2 + random() % 9);
    expect_law(*rule, text);
    if (HasFatalFailure()) return;
    if (i % 5 == 0) expect_two_parts(*rule, text);
    if (HasFatalFailure()) return;
  }
}

TEST(RecogniserLaw, PiecesOfSecretsAreTheWholeText) {
  const auto rule = secrets_rule();
  std::mt19937 random(20261122);
  for (int i = 0; i < 60; ++i) {
    const std::string text = mixed(random, 2 + random() % 9);
    expect_law(*rule, text);
    if (HasFatalFailure()) return;
    if (i % 5 == 0) expect_two_parts(*rule, text);
    if (HasFatalFailure()) return;
  }
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

// Where the values begin that a stream finds which looks back no further than the rule has asked for.
std::vector<std::size_t> begins_in_stream(const SpanRule& rule, std::string_view text, std::size_t step,
                                          bool reminded) {
  std::vector<std::size_t> begins;
  std::size_t from = 0;
  std::optional<std::size_t> look_back;
  std::string resume;
  for (std::size_t end = step; from <= text.size(); end += step) {
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    const bool complete = end >= text.size();
    Scan scan;
    rule.scan({text.substr(0, end), from, complete, resume, reminded ? look_back : std::nullopt}, scan);
    std::size_t next = scan.decided;
    for (const Span& span : scan.spans) {
      if (span.begin >= scan.decided && !complete) continue;
      if (!span.continued) begins.push_back(span.begin);
      next = std::max(next, span.end);
    }
    resume = scan.resume;
    from = resume.empty() ? next : scan.decided;
    look_back = from == scan.decided ? scan.look_back : std::nullopt;
    if (complete) break;
  }
  return begins;
}

TEST(Law, ANameBeforeAValueIsSeenWhereverTheTextIsCut) {
  const std::vector<std::string> texts{"my ssn is 536 90 4399 4 and the phone 010-2345-6789 too",
                                       "주소: 중앙로 12 101동 202호 그리고 서울",
                                       "입금은 계좌 농협 302 1234 5678 91 로",
                                       "I live at 12 Long Hill Road and ship to 9 Park St. today",
                                       "password = \"kR8#vQ2!mZ5x\" and api_key: 9f8A7b6C5d4E3f2G1h0J ok",
                                       "ssn 960101-1234561 536 90 4399 social security no. 536 90 4399"};
  for (const auto& rule : {pii_rule(), secrets_rule()})
    for (const std::string& text : texts)
      for (std::size_t step = 1; step < 12; ++step)
        EXPECT_EQ(begins_in_stream(*rule, text, step, true), begins_in_stream(*rule, text, step, false))
            << step << ": " << text;
  EXPECT_FALSE(begins_in_stream(*pii_rule(), texts[0], 1, true).empty());
  EXPECT_FALSE(begins_in_stream(*secrets_rule(), texts[4], 1, true).empty());
}

}  // namespace
}  // namespace llmops::guard
