#include "gateway/guard/recognisers/check_digits.hpp"
#include "gateway/guard/recognisers/iban_countries.hpp"
#include "gateway/guard/recognisers/ip_address.hpp"
#include "gateway/guard/recognisers/recogniser.hpp"

namespace llmops::guard {
namespace {

using api::PiiEntity;

// "icon@2x.png" is a file, git@host a repository.
double weigh_email(const Value& value) {
  const std::string_view host = value.text.substr(value.text.find('@') + 1);
  if (value.text.starts_with("git@")) return kRefused;
  if (host.size() > 2 && is_ascii_digit(host[0]) && (host[1] == 'x' || host[1] == 'X') && host[2] == '.')
    return kRefused;
  return value.text[0] == '.' || host[0] == '-' ? kRefused : kChecked;
}

double weigh_iban(const Value& value) {
  std::string compact;
  for (const char c : value.text) {
    if (c == ' ' || c == '-') continue;
    compact.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return is_iban(compact) ? kChecked : kRefused;
}

double weigh_ipv6(const Value& value) {
  switch (read_ipv6(value.text)) {
    case IpKind::Address:
      return kChecked;
    case IpKind::Common:
      return 0.1;
    default:
      return kRefused;
  }
}

// Korean: M, S, R, O, D or G and eight digits, or since 2021 with a letter as the fifth character. Of others
// only that there are one or two letters and six to eight digits.
double weigh_passport(const Value& value) {
  const char first = static_cast<char>(value.text[0] & ~0x20);
  const bool korean =
      std::string_view("MSRODG").find(first) != std::string_view::npos && value.text.size() == 9;
  if (korean && value.is({3, 4}))
    return is_ascii_letter(value.text[4]) && value.text[0] < 'a' ? kLikely : kNeedsContext;
  if (value.groups.size() != 1 || value.digits.size() < 6) return kRefused;
  return korean && value.text[0] == 'M' && value.digits.size() == 8 ? 0.5 : kNeedsContext;
}

double weigh_plate(const Value& value) {
  return value.text.find(' ') == std::string_view::npos ? 0.6 : 0.3;
}
// With a space inside it needs a word before it.
double plate_at_most(const Value& so_far) {
  return so_far.text.find(' ') == std::string_view::npos ? 0.6 : 0.3;
}
double weigh_regional(const Value&) {
  return kSure;
}

std::string iban_expression() {
  std::string all;
  for (const IbanLength& entry : kIbanLengths) {
    std::string countries;
    for (std::size_t at = 0; at + 2 <= entry.countries.size(); at += 3)
      countries += (countries.empty() ? "" : "|") + std::string(entry.countries.substr(at, 2));
    const std::size_t rest = entry.characters - 4;
    all += (all.empty() ? "" : "|") + ("(?:" + countries + ")[0-9]{2}(?:[ -]?[A-Z0-9]{4}){") +
           std::to_string(rest / 4) + "}";
    if (rest % 4 > 0) all += "[ -]?[A-Z0-9]{" + std::to_string(rest % 4) + "}";
  }
  return all;
}

}  // namespace

Family letters_family() {
  const std::string plate =
      "[가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자허하호배]";
  const std::string regions =
      "(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주)";
  return {{
      {"[a-zA-Z0-9._%+-]{1,64}@(?:[a-zA-Z0-9-]{1,40}\\.){1,3}[a-zA-Z]{2,24}",
       Edges::Email,
       {{PiiEntity::Email, Subject::Email, weigh_email}}},
      {iban_expression(), Edges::Code, {{PiiEntity::Iban, Subject::Iban, weigh_iban}}, true},
      {"[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){1,6}:[0-9a-fA-F]{1,4}",
       Edges::Code,
       {{PiiEntity::Ip, Subject::Ip, weigh_ipv6}}},
      {"[a-zA-Z]{1,2}[0-9]{3,8}(?:[a-zA-Z][0-9]{4})?",
       Edges::Code,
       {{PiiEntity::Passport, Subject::Passport, weigh_passport}}},
      {"[0-9]{2,3}" + plate + " ?[0-9]{4}",
       Edges::Number,
       {{PiiEntity::VehiclePlate, Subject::Plate, weigh_plate}},
       false,
       nullptr,
       plate_at_most},
      {regions + " ?[0-9]{1,2}" + plate + " ?[0-9]{4}",
       Edges::Number,
       {{PiiEntity::VehiclePlate, Subject::Plate, weigh_regional}}},
      {regions + "[- ]?[0-9]{2}-[0-9]{6}-[0-9]{2}",
       Edges::Number,
       {{PiiEntity::DriverLicence, Subject::Licence, weigh_regional}}},
  }};
}

}  // namespace llmops::guard
