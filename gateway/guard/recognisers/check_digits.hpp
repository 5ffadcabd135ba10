// Check digits and dates inside of numbers. All take the number as digits only, and are false for a wrong
// length. Sources are the public rules of the issuers; test vectors in tests/unit/guard.
#pragma once

#include <string>
#include <string_view>

namespace llmops::guard {

// The ASCII digits of `text`, nothing else.
std::string digits_of(std::string_view text);

// YYMMDD of a real day in that century (1800, 1900 or 2000).
bool is_date(std::string_view six_digits, int century);

// What the 13 digits of a Korean resident (주민등록번호) or foreigner (외국인등록번호) say.
struct ResidentNumber {
  bool real_date = false;    // the first six digits, in the century that the seventh names
  bool check_digit = false;  // of numbers from before October 2020; younger ones are random
  bool foreigner = false;    // seventh digit 5 to 8
  int birth_year = 0;
  int birth_month = 0;
};
ResidentNumber read_resident_number(std::string_view thirteen_digits);

// 사업자등록번호, 10 digits: keys 1 3 7 1 3 7 1 3 5, of five times the ninth also the tens.
bool is_business_number(std::string_view digits);

// 법인등록번호, 13 digits: weights 1 and 2 in turn.
bool is_corporate_number(std::string_view digits);

// ISO/IEC 7812-1, annex B.
bool is_luhn(std::string_view digits);

// ISO 13616: letters and digits without spaces; modulo 97, and the length that its country uses.
bool is_iban(std::string_view text);

// US social security number, 9 digits: no area 000, 666 or 9xx, no group 00, no serial 0000, and none of the
// numbers that were printed in advertisements.
bool is_social_security_number(std::string_view digits);

}  // namespace llmops::guard
