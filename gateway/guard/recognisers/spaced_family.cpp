#include <algorithm>

#include "gateway/guard/recognisers/check_digits.hpp"
#include "gateway/guard/recognisers/recogniser.hpp"

namespace llmops::guard {
namespace {

Reading reading_of(const std::vector<Reading>& readings, api::PiiEntity entity) {
  return *std::find_if(readings.begin(), readings.end(),
                       [&](const Reading& reading) { return reading.entity == entity; });
}

// A first group of six digits must be a day of birth.
double resident_at_most(const Value& so_far) {
  if (so_far.digits.size() < 6) return kChecked;
  const std::string_view date = std::string_view(so_far.digits).substr(0, 6);
  return is_date(date, 1800) || is_date(date, 1900) || is_date(date, 2000) ? kChecked : kRefused;
}

double card_at_most(const Value& so_far) {
  return so_far.digits.size() < 4 || may_be_card(so_far.digits) ? kChecked : kRefused;
}

double weigh_british(const Value&) {
  return 0.5;
}
std::size_t first_digit(std::string_view match) {
  return match.find_first_of("0123456789");
}

// Behind the name and what joins it: the first character behind the first run of spaces and colons.
std::size_t behind_joint(std::string_view match) {
  const std::size_t joint = match.find_first_of(" :");
  return joint == std::string_view::npos ? joint : match.find_first_not_of(" :", joint);
}

double weigh_named(const Value&) {
  return kSure;
}
double weigh_named_account(const Value& value) {
  return value.digits.size() >= 10 && value.digits.size() <= 16 ? kLikely : kRefused;
}

}  // namespace

Family spaced_family() {
  using api::PiiEntity;
  const auto korean = korean_dashed_readings();
  const Reading phone = reading_of(contact_dashed_readings(), PiiEntity::Phone);
  const Reading card = reading_of(international_dashed_readings(), PiiEntity::Card);
  const std::vector<Reading> resident{reading_of(korean, PiiEntity::Rrn), reading_of(korean, PiiEntity::Frn)};
  return {{
      {"[0-9]{6}(?: ?[-\\x{2010}-\\x{2015}] ?| )[0-9]{7}", Edges::Number, resident, false, nullptr,
       resident_at_most},
      {"0[0-9]{1,3}(?: [-] | )[0-9]{3,4}[- ][0-9]{4}", Edges::Number, {phone}, false, nullptr, phone_at_most},
      {"07[0-9]{3} [0-9]{6}", Edges::Number, {{PiiEntity::Phone, Subject::Phone, weigh_british}}},
      {"(?:4[0-9]|5[1-5]|2[2-7]|35|6[0-9]|9[0-9])[0-9]{2}(?: [0-9]{4}){3}",
       Edges::Number,
       {card},
       false,
       nullptr,
       card_at_most},
      {"3[0-9]{3} [0-9]{6} [0-9]{4,5}", Edges::Number, {card}, false, nullptr, card_at_most},
  }};
}

Family named_family() {
  using api::PiiEntity;
  const Reading ssn = reading_of(international_dashed_readings(), PiiEntity::Ssn);
  const std::string unit = "(?:,? ?[0-9]{1,4}동)?(?:,? ?[0-9]{1,5}호)?(?:,? ?[0-9]{1,3}층)?";
  return {{
      {"(?:ssn|social security(?: number| no\\.?)?)(?: is|:|=|#)? ?[0-9]{3} [0-9]{2} [0-9]{4}",
       Edges::Number,
       {ssn},
       true,
       first_digit},
      {"(?:계좌|통장|은행|우체국|농협|신한|국민)[가-힣]{0,4}[ :]{1,3}(?:[가-힣]{2,6} )?[0-9]{2,6}(?: "
       "[0-9]{2,7}){2,3}",
       Edges::Number,
       {{PiiEntity::BankAccount, Subject::Account, weigh_named_account}},
       false,
       first_digit},
      {"(?:주소|배송지)[가-힣]{0,2}[ :]{1,3}[가-힣]{1,6}(?:로|길)(?: ?[0-9]{1,4}번?[가나다라]?길)? "
       "?[0-9]{1,4}(?:-[0-9]{1,4})?" +
           unit,
       Edges::Code,
       {{PiiEntity::Address, Subject::Address, weigh_named}},
       false,
       behind_joint},
      {"(?:live at|lives at|living at|ship to|deliver to|address(?: is)?:?|office at|located at) "
       "[1-9][0-9]{0,4} (?:[a-z]{2,15} |[0-9]{1,2}(?:st|nd|rd|th) ){1,3}"
       "(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive|Dr|Lane|Ln|Court|Ct|Way)\\.?(?:,? "
       "(?:Apt|Suite|Unit) ?[0-9]{1,4})?"
       "(?:, [a-z]{2,15}(?: [a-z]{2,15})?,? [a-z]{2}(?: [0-9]{5})?)?",
       Edges::Code,
       {{PiiEntity::Address, Subject::Address, weigh_named}},
       true,
       first_digit},
  }};
}

}  // namespace llmops::guard
