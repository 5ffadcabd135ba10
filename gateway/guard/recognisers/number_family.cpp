#include <algorithm>

#include "gateway/guard/recognisers/ip_address.hpp"
#include "gateway/guard/recognisers/recogniser.hpp"

namespace llmops::guard {
namespace {

using api::PiiEntity;

std::vector<Reading> all_of(std::initializer_list<std::vector<Reading>> parts) {
  std::vector<Reading> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

double weigh_ipv4(const Value& value) {
  switch (read_ipv4(value.text)) {
    case IpKind::Address:
      return 0.6;
    case IpKind::LikeVersion:
      return 0.45;
    case IpKind::Common:
      return 0.1;
    case IpKind::None:
      break;
  }
  return kRefused;
}

// E.164: at most 15 digits.
double weigh_international(const Value& value) {
  const std::size_t size = value.digits.size();
  if (size < 8 || size > 15) return kRefused;
  return value.digits.starts_with("82") || (value.digits[0] == '1' && size == 11) ? 0.85 : kSure;
}

}  // namespace

Value value_of(std::string_view text) {
  Value value{.text = text, .digits = {}, .groups = {}};
  bool in_run = false;
  for (const char c : text) {
    if (is_ascii_digit(c)) {
      if (!in_run) value.groups.push_back(0);
      ++value.groups.back();
      value.digits.push_back(c);
    }
    in_run = is_ascii_digit(c);
  }
  return value;
}

bool Value::is(std::initializer_list<std::size_t> layout) const {
  return std::equal(groups.begin(), groups.end(), layout.begin(), layout.end());
}

Family number_family() {
  const auto dashed =
      all_of({korean_dashed_readings(), international_dashed_readings(), contact_dashed_readings()});
  const auto phones = contact_dashed_readings();
  const std::vector<Reading> dotted{{PiiEntity::Ip, Subject::Ip, weigh_ipv4}, phones[0], phones[2]};
  const std::vector<Reading> international{{PiiEntity::Phone, Subject::Phone, weigh_international}};
  return {{
      {"[0-9]{8,19}", Edges::Number,
       all_of({korean_plain_readings(), international_plain_readings(), contact_plain_readings()})},
      {"[0-9]{1,6}(?:[-\\x{2010}-\\x{2015}\\x{2212}][0-9]{1,10}){1,4}", Edges::Groups, dashed},
      {"[0-9]{1,4}(?:\\.[0-9]{1,4}){2,4}", Edges::Number, dotted},
      {"\\(?[0-9]{2,4}\\)[- ]?[0-9]{3,4}[-. ][0-9]{4}|[0-9]{3}/[0-9]{4}-[0-9]{4}",
       Edges::Number,
       {phones[0], phones[2]},
       false,
       nullptr,
       phone_at_most},
      {"\\+[0-9]{1,3}(?:[-. ]?\\(?[0-9]{1,8}\\)?){1,5}", Edges::Number, international},
  }};
}

}  // namespace llmops::guard
