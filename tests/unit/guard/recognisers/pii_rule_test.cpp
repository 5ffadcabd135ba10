#include <gtest/gtest.h>

#include <initializer_list>

#include "harness.hpp"

namespace llmops::guard {
namespace {

const SpanRule& rule_of_all() {
  static const std::unique_ptr<SpanRule> rule = pii_rule();
  return *rule;
}

std::string tell(std::string_view text) {
  return told(rule_of_all(), text);
}

void expect_nothing_in(std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) EXPECT_EQ(tell(text), "") << text;
}

std::string with(std::vector<api::PiiEntity> entities, double min_confidence, std::string_view text) {
  return told(*pii_rule(std::move(entities), min_confidence), text);
}

TEST(PiiRule, FindsAResidentNumberHoweverItIsWritten) {
  EXPECT_EQ(tell("주민번호는 960101-1234561이야"), "rrn:960101-1234561");
  EXPECT_EQ(tell("9601011234561"), "rrn:9601011234561");
  EXPECT_EQ(tell("주민 960101 1234561"), "rrn:960101 1234561");
  EXPECT_EQ(tell("９６０１０１－１２３４５６１"), "rrn:９６０１０１－１２３４５６１");
  EXPECT_EQ(tell("960101\u200b-12\u200d34561."), "rrn:960101\u200b-12\u200d34561");
}

TEST(PiiRule, AFailingCheckDigitLowersConfidenceAndDoesNotDiscard) {
  const auto good = find(rule_of_all(), "번호 960101-1234561");
  const auto bad = find(rule_of_all(), "번호 960101-1234567");
  ASSERT_EQ(good.size(), 1u);
  ASSERT_EQ(bad.size(), 1u);
  EXPECT_EQ(bad[0].type, "rrn");
  EXPECT_LT(bad[0].confidence, good[0].confidence);
  EXPECT_EQ(tell("9601011234567"), "") << "thirteen digits alone say little";
  EXPECT_EQ(tell("주민등록번호 9601011234567"), "rrn:9601011234567");
}

TEST(PiiRule, ANumberOfOneBornAfterTheReformNeedsNoCheckDigit) {
  const auto young = find(rule_of_all(), "211130-3123456");
  const auto old = find(rule_of_all(), "011130-3123456");
  ASSERT_EQ(young.size(), 1u);
  ASSERT_EQ(old.size(), 1u);
  EXPECT_GT(young[0].confidence, old[0].confidence);
}

TEST(PiiRule, ImpossibleDatesMasksAndLongerNumbersAreNoResidentNumbers) {
  expect_nothing_in({"961301-1234561", "960230-1234561", "960101-1******", "960101-12345612",
                     "1960101-1234561", "960101-1234561-9", "5-960101-1234561"});
}

TEST(PiiRule, FindsAForeignerNumber) {
  EXPECT_EQ(tell("외국인등록번호 900101-5123452로"), "frn:900101-5123452");
  EXPECT_EQ(tell("외국인등록번호 900101-5123450"), "frn:900101-5123450");
}

TEST(PiiRule, FindsKoreanNumbersByTheirForms) {
  EXPECT_EQ(tell("여권번호는 M123A4567입니다"), "passport:M123A4567");
  EXPECT_EQ(tell("여권 M12345678"), "passport:M12345678");
  EXPECT_EQ(tell("면허 11-05-123456-78이고"), "driver-licence:11-05-123456-78");
  EXPECT_EQ(tell("면허 서울 05-123456-78"), "driver-licence:서울 05-123456-78");
  EXPECT_EQ(tell("사업자 123-45-67891"), "business-number:123-45-67891");
  EXPECT_EQ(tell("사업자등록번호 1234567891"), "business-number:1234567891");
  EXPECT_EQ(tell("법인 130111-0006246"), "corporate-number:130111-0006246");
  EXPECT_EQ(tell("12가3456 차"), "vehicle-plate:12가3456");
  EXPECT_EQ(tell("건강보험증 1-2345678901"), "health-insurance-number:1-2345678901");
}

TEST(PiiRule, RefusesKoreanNumbersThatCannotBe) {
  expect_nothing_in({"123-45-67890", "29-05-123456-78", "27-05-123456-78", "130111-0006245", "12월3456",
                     "모델 S12345678", "AM123A4567", "M123A45678", "12가지 3456"});
}

TEST(PiiRule, AnAccountNeedsAWordBeforeIt) {
  EXPECT_EQ(tell("신한 110-234-567890으로"), "bank-account:110-234-567890");
  EXPECT_EQ(tell("계좌번호는 1102345678901"), "bank-account:1102345678901");
  EXPECT_EQ(tell("부품 110-234-567890"), "");
  EXPECT_EQ(tell("110-234-567890"), "");
}

TEST(PiiRule, FindsPhones) {
  for (const char* phone :
       {"010-2345-6789", "01023456789", "010 2345 6789", "010.2345.6789", "02-555-0199", "031-234-5678",
        "070-4567-1234", "0507-1234-5678", "+82-10-2345-6789", "+82 10 2345 6789", "(02) 555-0199",
        "+14155550132", "+44 20 7946 0958", "(415) 555-0132", "02)555-0199"})
    EXPECT_EQ(tell(std::string("연락은 ") + phone + "로"), std::string("phone:") + phone);
}

TEST(PiiRule, WhatLooksLikeAPhone) {
  expect_nothing_in({"010-12-345", "1010-2345-6789", "010-2345-67890", "010-****-6789", "2024-05-17 12:30"});
}

TEST(PiiRule, FindsAddressesThatNameACity) {
  EXPECT_EQ(tell("서울특별시 강남구 테헤란로 152에서"), "address:서울특별시 강남구 테헤란로 152");
  EXPECT_EQ(tell("경기 성남시 분당구 판교역로 235"), "address:경기 성남시 분당구 판교역로 235");
  EXPECT_EQ(tell("부산시 해운대구 우동 1408-5"), "address:부산시 해운대구 우동 1408-5");
  EXPECT_EQ(tell("세종특별자치시 한누리대로 2130"), "address:세종특별자치시 한누리대로 2130");
  EXPECT_EQ(tell("주소 마포구 월드컵북로 396, 101동 1203호"), "address:마포구 월드컵북로 396, 101동 1203호");
  expect_nothing_in(
      {"서울로 7017", "종로 3가", "강남구 주민 120명", "경기도 성남시에 살아요", "이번 길 30미터"});
}

TEST(PiiRule, FindsInternationalEntities) {
  EXPECT_EQ(tell("메일은 a.b+c@mail.example.co.kr로"), "email:a.b+c@mail.example.co.kr");
  EXPECT_EQ(tell("카드 4111-1111-1111-1111로"), "card:4111-1111-1111-1111");
  EXPECT_EQ(tell("3782 822463 10005"), "card:3782 822463 10005");
  EXPECT_EQ(tell("DE89 3704 0044 0532 0130 00 THANKS"), "iban:DE89 3704 0044 0532 0130 00");
  EXPECT_EQ(tell("SSN 536-90-4399"), "ssn:536-90-4399");
  EXPECT_EQ(tell("ssn 536904399"), "ssn:536904399");
  EXPECT_EQ(tell("IP 192.168.0.12:8080"), "ip:192.168.0.12");
  EXPECT_EQ(tell("[2001:db8::8a2e:370:7334]:443"), "ip:2001:db8::8a2e:370:7334");
}

TEST(PiiRule, RefusesWhatOnlyLooksInternational) {
  expect_nothing_in({"4111 1111 1111 1112", "DE89 3704 0044 0532 0130 01", "000-12-3456", "666-12-3456",
                     "536904399", "v1.2.3.4", "1.2.3", "1.2.3.4.5", "12:34:56", "00:1a:2b:3c:4d:5e",
                     "icon@2x.png", "git@github.com:a/b.git", "a@b", "std::map", "version 10.2.30.44",
                     "127.0.0.1"});
}

TEST(PiiRule, AWordForOtherNumbersTakesConfidence) {
  EXPECT_EQ(tell("주문번호 010-2345-6789"), "");
  EXPECT_EQ(tell("주문번호 12, 전화 010-2345-6789"), "phone:010-2345-6789");
  EXPECT_EQ(tell("주문번호 960101-1234561"), "rrn:960101-1234561") << "a check digit outweighs the word";
}

TEST(PiiRule, TheMoreConfidentOfTwoReadingsStands) {
  EXPECT_EQ(tell("계좌 아니고 전화 010-2345-6789"), "phone:010-2345-6789");
  EXPECT_EQ(tell("법인등록번호 130111-0006246"), "corporate-number:130111-0006246");
  EXPECT_EQ(tell("741002-1190058"), "rrn:741002-1190058") << "a corporate number by chance";
  EXPECT_EQ(tell("ES64 5416 9326 2146 4947 7986"), "iban:ES64 5416 9326 2146 4947 7986")
      << "its end is a card by chance";
}

TEST(PiiRule, OnlyTheEntitiesOfTheSettingsWithTheirConfidence) {
  const char* text = "010-2345-6789 a@example.com";
  EXPECT_EQ(with({api::PiiEntity::Email}, 0.5, text), "email:a@example.com");
  EXPECT_EQ(with({api::PiiEntity::Phone, api::PiiEntity::Email}, 0.85, text), "email:a@example.com");
  EXPECT_EQ(with({api::PiiEntity::BankAccount}, 0.1, "110-234-567890"), "bank-account:110-234-567890");
}

TEST(PiiRule, NothingInProse) {
  expect_nothing_in(
      {"서울 시내에서 2024년 12월 25일 14:30에 1,200명이 모였다. 환율은 1,391.50원이다. 버전 1.31.2, "
       "37.5665, 126.9780.",
       "In 2024 some 1,200 people met at 14:30; pi is 3.14159265358979, RFC 2616 section 3.2.1 says so."});
}

}  // namespace
}  // namespace llmops::guard
