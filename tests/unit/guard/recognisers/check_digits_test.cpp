#include "gateway/guard/recognisers/check_digits.hpp"

#include <gtest/gtest.h>

#include "gateway/guard/recognisers/ip_address.hpp"
#include "gateway/guard/recognisers/secret_patterns.hpp"

namespace llmops::guard {
namespace {

TEST(CheckDigits, ResidentNumberOfThePublishedVectorHolds) {
  const ResidentNumber number = read_resident_number("9601011234561");
  EXPECT_TRUE(number.real_date);
  EXPECT_TRUE(number.check_digit);
  EXPECT_FALSE(number.foreigner);
  EXPECT_EQ(number.birth_year, 1996);
}

TEST(CheckDigits, ResidentNumberWithAnyOtherLastDigitFails) {
  for (char last = '0'; last <= '9'; ++last) {
    EXPECT_EQ(read_resident_number(std::string("960101123456") + last).check_digit, last == '1') << last;
  }
}

TEST(CheckDigits, ForeignerNumberHasACheckDigitOfItsOwn) {
  const ResidentNumber number = read_resident_number("9001015123452");
  EXPECT_TRUE(number.foreigner);
  EXPECT_TRUE(number.check_digit);
  EXPECT_FALSE(read_resident_number("9001015123450").check_digit);
}

TEST(CheckDigits, CenturyFollowsTheSeventhDigit) {
  EXPECT_EQ(read_resident_number("0002293000000").birth_year, 2000);
  EXPECT_TRUE(read_resident_number("0002293000000").real_date) << "2000 was a leap year";
  EXPECT_FALSE(read_resident_number("0002291000000").real_date) << "1900 was none";
  EXPECT_EQ(read_resident_number("9901019000000").birth_year, 1899);
  EXPECT_EQ(read_resident_number("2101018000000").birth_year, 2021);
}

TEST(CheckDigits, DatesMustExist) {
  EXPECT_TRUE(is_date("960229", 1900));
  EXPECT_FALSE(is_date("950229", 1900));
  EXPECT_FALSE(is_date("960431", 1900));
  EXPECT_FALSE(is_date("961301", 1900));
  EXPECT_FALSE(is_date("960100", 1900));
  EXPECT_FALSE(is_date("96010", 1900));
}

TEST(CheckDigits, BusinessNumber) {
  EXPECT_TRUE(is_business_number("1234567891"));
  EXPECT_FALSE(is_business_number("1234567890"));
  EXPECT_FALSE(is_business_number("0000000000"));
  EXPECT_FALSE(is_business_number("123456789"));
}

TEST(CheckDigits, CorporateNumber) {
  EXPECT_TRUE(is_corporate_number("1301110006246"));
  EXPECT_FALSE(is_corporate_number("1301110006245"));
}

TEST(CheckDigits, Luhn) {
  EXPECT_TRUE(is_luhn("4111111111111111"));
  EXPECT_TRUE(is_luhn("378282246310005"));
  EXPECT_TRUE(is_luhn("5555555555554444")) << "a doubled 5 counts as 1";
  EXPECT_FALSE(is_luhn("4111111111111112"));
  EXPECT_FALSE(is_luhn(""));
}

TEST(CheckDigits, IbanNeedsItsCountrysLength) {
  EXPECT_TRUE(is_iban("DE89370400440532013000"));
  EXPECT_TRUE(is_iban("GB82WEST12345698765432"));
  EXPECT_TRUE(is_iban("FR1420041010050500013M02606"));
  EXPECT_TRUE(is_iban("NO9386011117947"));
  EXPECT_FALSE(is_iban("DE89370400440532013001"));
  EXPECT_FALSE(is_iban("DE5137040044053201300")) << "the remainder is right, a character is missing";
  EXPECT_FALSE(is_iban("DE813704004405320130000")) << "the remainder is right, a character is too many";
  EXPECT_FALSE(is_iban("ZZ22370400440532013000")) << "the remainder is right, the country is none";
  EXPECT_FALSE(is_iban("DE99370400440532013014")) << "the remainder is right, but check digits are 02 to 98";
  EXPECT_FALSE(is_iban("E 89370400440532013000")) << "not at a country of the list";
}

TEST(CheckDigits, SocialSecurityNumbersThatWereNeverIssued) {
  EXPECT_TRUE(is_social_security_number("536904399"));
  for (const char* never : {"000123456", "666123456", "900123456", "123006789", "123450000", "078051120"})
    EXPECT_FALSE(is_social_security_number(never)) << never;
}

TEST(IpAddress, FourOctetsWithoutLeadingZeros) {
  EXPECT_EQ(read_ipv4("192.168.0.12"), IpKind::Address);
  EXPECT_EQ(read_ipv4("127.0.0.1"), IpKind::Common);
  EXPECT_EQ(read_ipv4("3.2.1.4"), IpKind::LikeVersion);
  EXPECT_EQ(read_ipv4("10.0.0.5"), IpKind::Address);
  for (const char* none : {"256.1.1.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1..2.3", "10.0.19045.3570"})
    EXPECT_EQ(read_ipv4(none), IpKind::None) << none;
}

TEST(IpAddress, SixthVersionWholeAndShortened) {
  for (const char* address : {"2001:db8:85a3:8d3:1319:8a2e:370:7348", "2001:db8::1", "fe80::1:2:3"})
    EXPECT_EQ(read_ipv6(address), IpKind::Address) << address;
  EXPECT_EQ(read_ipv6("::1"), IpKind::Common);
  for (const char* none :
       {"12:34:56", "aa:bb:cc:dd:ee:ff", "1::2::3", "1:2:3:4:5:6:7:8:9", ":1:2", "12345::1:1"})
    EXPECT_EQ(read_ipv6(none), IpKind::None) << none;
}

TEST(Entropy, OfEqualAndOfDifferentCharacters) {
  EXPECT_DOUBLE_EQ(entropy_bits("aaaaaaaa"), 0);
  EXPECT_DOUBLE_EQ(entropy_bits("abcdefgh"), 3);
  EXPECT_DOUBLE_EQ(entropy_bits("aabb"), 1);
}

}  // namespace
}  // namespace llmops::guard
