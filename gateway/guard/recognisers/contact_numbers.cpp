#include <algorithm>
#include <array>

#include "gateway/guard/recognisers/recogniser.hpp"

namespace llmops::guard {
namespace {

using api::PiiEntity;

bool is_mobile(std::string_view digits) {
  return (digits.size() == 10 || digits.size() == 11) && digits.starts_with("01") &&
         std::string_view("016789").find(digits[2]) != std::string_view::npos;
}

// Area codes 02, 031-033, 041-044, 051-055, 061-064; internet telephones 070; personal numbers 050x.
std::size_t area_code(std::string_view digits) {
  if (digits.starts_with("02")) return 2;
  if (digits.starts_with("050") && digits.size() == 12) return 4;
  constexpr std::array<std::string_view, 18> kAreas{"031", "032", "033", "041", "042", "043",
                                                    "044", "051", "052", "053", "054", "055",
                                                    "061", "062", "063", "064", "070", "050"};
  return std::find(kAreas.begin(), kAreas.end(), digits.substr(0, 3)) != kAreas.end() ? 3 : 0;
}

// In groups: area or operator, exchange of three or four digits, four digits.
bool has_phone_groups(const Value& value, std::size_t first) {
  const auto& groups = value.groups;
  return groups.size() == 3 && groups[0] == first && (groups[1] == 3 || groups[1] == 4) && groups[2] == 4;
}

double weigh_korean_phone(const Value& value) {
  const bool plain = value.groups.size() == 1;
  if (is_mobile(value.digits)) return plain ? 0.65 : has_phone_groups(value, 3) ? 0.8 : kRefused;
  const std::size_t area = area_code(value.digits);
  if (area == 0 || value.digits.size() < area + 7 || value.digits.size() > area + 8) return kRefused;
  if (plain) return 0.3;
  return has_phone_groups(value, area) ? 0.65 : kRefused;
}

// 82-10-2345-6789 without the plus sign.
double weigh_country_code(const Value& value) {
  return value.groups.size() == 4 && value.digits.starts_with("82") && is_mobile("0" + value.digits.substr(2))
             ? kLikely
             : kRefused;
}

double weigh_north_american(const Value& value) {
  const bool form = value.is({3, 3, 4}) && value.digits[0] >= '2' && value.digits[3] >= '2';
  return !form ? kRefused : value.text[0] == '(' ? 0.65 : 0.5;
}

// Layouts of the large Korean banks; which bank it is stands before the number or not at all.
double weigh_account(const Value& value) {
  if (value.is({4, 2, 7}) && value.digits.starts_with("3333")) return kLikely;
  const std::size_t digits = value.digits.size();
  const bool short_groups =
      std::any_of(value.groups.begin(), value.groups.end(), [](std::size_t n) { return n < 2 || n > 7; });
  return digits >= 10 && digits <= 16 && value.groups.size() >= 3 && !short_groups ? kNeedsContext : kRefused;
}

double weigh_plain_account(const Value& value) {
  return value.digits.size() >= 9 && value.digits.size() <= 14 ? 0.2 : kRefused;
}

}  // namespace

double phone_at_most(const Value& so_far) {
  constexpr double kMost = 0.8;
  const bool open =
      so_far.groups.empty() || (so_far.groups.size() == 1 && is_ascii_digit(so_far.text.back()));
  if (open) return kMost;
  const std::string first = so_far.digits.substr(0, so_far.groups[0]);
  const bool mobile = is_mobile(first + std::string(11 - std::min<std::size_t>(first.size(), 11), '0'));
  if (first.size() == 3 && (mobile || first[0] >= '2')) return kMost;
  // 050x are counted with their service's digit.
  const std::string as_number = first.size() == 4 ? first + std::string(8, '0') : first;
  return area_code(as_number) == first.size() ? kMost : kRefused;
}

std::vector<Reading> contact_plain_readings() {
  return {{PiiEntity::Phone, Subject::Phone, weigh_korean_phone},
          {PiiEntity::BankAccount, Subject::Account, weigh_plain_account}};
}

std::vector<Reading> contact_dashed_readings() {
  return {{PiiEntity::Phone, Subject::Phone, weigh_korean_phone},
          {PiiEntity::Phone, Subject::Phone, weigh_country_code},
          {PiiEntity::Phone, Subject::Phone, weigh_north_american},
          {PiiEntity::BankAccount, Subject::Account, weigh_account}};
}

}  // namespace llmops::guard
