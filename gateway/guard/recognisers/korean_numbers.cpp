#include "gateway/guard/recognisers/check_digits.hpp"
#include "gateway/guard/recognisers/recogniser.hpp"

namespace llmops::guard {
namespace {

using api::PiiEntity;

// Numbers from before October 2020 have a check digit, but one who got a new number since has not.
double weigh_resident(const Value& value, bool foreigner) {
  if (value.digits.size() != 13 || (value.groups.size() > 1 && !value.is({6, 7}))) return kRefused;
  const ResidentNumber number = read_resident_number(value.digits);
  if (!number.real_date || number.foreigner != foreigner) return kRefused;
  const bool after_reform =
      number.birth_year > 2020 || (number.birth_year == 2020 && number.birth_month >= 10);
  const bool implausible = number.birth_year < 1900 || number.birth_year > 2040;
  if (number.check_digit) return implausible ? kLikely : kChecked;
  if (implausible) return kNeedsContext;
  if (value.groups.size() == 1) return after_reform ? kLikely : 0.35;
  return after_reform ? kSure : kLikely;
}
double weigh_rrn(const Value& value) {
  return weigh_resident(value, false);
}
double weigh_frn(const Value& value) {
  return weigh_resident(value, true);
}

// Region 11 to 26 or 28, year, serial number, check digits that nobody publishes.
double weigh_licence(const Value& value) {
  if (value.digits.size() != 12) return kRefused;
  const int region = (value.digits[0] - '0') * 10 + (value.digits[1] - '0');
  if (region < 11 || region > 28 || region == 27) return kRefused;
  if (value.groups.size() == 1) return kNeedsContext;
  return value.is({2, 2, 6, 2}) ? kSure : kRefused;
}

double weigh_business(const Value& value) {
  if (!is_business_number(value.digits)) return kRefused;
  if (value.groups.size() == 1) return 0.3;
  return value.is({3, 2, 5}) ? kChecked : kRefused;
}

double weigh_corporate(const Value& value) {
  if (!is_corporate_number(value.digits)) return kRefused;
  if (value.groups.size() == 1) return 0.3;
  // Less than a resident number with a real date: one number in ten passes by chance.
  return value.is({6, 7}) ? 0.5 : kRefused;
}

double weigh_health(const Value& value) {
  const bool form = value.digits.size() == 11 && value.digits[0] != '0';
  return form && (value.groups.size() == 1 || value.is({1, 10})) ? 0.2 : kRefused;
}

}  // namespace

std::vector<Reading> korean_plain_readings() {
  return {{PiiEntity::Rrn, Subject::Resident, weigh_rrn},
          {PiiEntity::Frn, Subject::Foreigner, weigh_frn},
          {PiiEntity::DriverLicence, Subject::Licence, weigh_licence},
          {PiiEntity::BusinessNumber, Subject::Business, weigh_business},
          {PiiEntity::CorporateNumber, Subject::Corporate, weigh_corporate},
          {PiiEntity::HealthInsuranceNumber, Subject::Health, weigh_health}};
}

std::vector<Reading> korean_dashed_readings() {
  return korean_plain_readings();
}

}  // namespace llmops::guard
