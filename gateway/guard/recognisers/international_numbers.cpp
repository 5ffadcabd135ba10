#include "gateway/guard/recognisers/check_digits.hpp"
#include "gateway/guard/recognisers/recogniser.hpp"

namespace llmops::guard {
namespace {

using api::PiiEntity;

int leading(const std::string& digits, std::size_t count) {
  return std::stoi(digits.substr(0, count));
}

// Brand ranges of 16 digits: Visa 4; Mastercard 51-55, 2221-2720; JCB 3528-3589; Discover 6011, 644-649, 65;
// UnionPay 62; Korean domestic cards 9. American Express 34, 37 with 15; Diners Club 300-305, 36, 38, 39
// with 14.
bool is_brand(const std::string& digits) {
  const int four = leading(digits, 4);
  const int two = four / 100;
  switch (digits.size()) {
    case 14:
      return (four / 10 >= 300 && four / 10 <= 305) || two == 36 || two == 38 || two == 39;
    case 15:
      return two == 34 || two == 37;
    case 16:
      return two / 10 == 4 || two / 10 == 9 || (two >= 51 && two <= 55) || (four >= 2221 && four <= 2720) ||
             (four >= 3528 && four <= 3589) || four == 6011 || (four >= 6440 && four <= 6599) || two == 62;
    default:
      return false;
  }
}

double weigh_card(const Value& value) {
  const std::size_t size = value.digits.size();
  if (size < 13 || size > 19 || !is_luhn(value.digits)) return kRefused;
  const bool plain = value.groups.size() == 1;
  if (is_brand(value.digits)) {
    const bool grouped = value.is({4, 4, 4, 4}) || value.is({4, 6, 5}) || value.is({4, 6, 4});
    return plain ? kSure : grouped ? kChecked : kRefused;
  }
  // Rare lengths: numbers of other things are as long.
  const bool rare =
      (value.digits[0] == '4' && (size == 13 || size == 19)) || (value.digits.starts_with("62") && size > 16);
  return plain && rare ? 0.4 : kRefused;
}

double weigh_ssn(const Value& value) {
  if (!is_social_security_number(value.digits)) return kRefused;
  if (value.groups.size() == 1) return kNeedsContext;
  return value.is({3, 2, 4}) ? 0.6 : kRefused;
}

double weigh_passport(const Value& value) {
  return value.digits.size() == 9 ? kNeedsContext : kRefused;
}

}  // namespace

bool may_be_card(const std::string& digits) {
  const std::string begin = digits.substr(0, 4);
  return is_brand(begin + std::string(10, '0')) || is_brand(begin + std::string(11, '0')) ||
         is_brand(begin + std::string(12, '0'));
}

std::vector<Reading> international_plain_readings() {
  return {{PiiEntity::Card, Subject::Card, weigh_card},
          {PiiEntity::Ssn, Subject::SocialSecurity, weigh_ssn},
          {PiiEntity::Passport, Subject::Passport, weigh_passport}};
}

std::vector<Reading> international_dashed_readings() {
  return {{PiiEntity::Card, Subject::Card, weigh_card}, {PiiEntity::Ssn, Subject::SocialSecurity, weigh_ssn}};
}

}  // namespace llmops::guard
