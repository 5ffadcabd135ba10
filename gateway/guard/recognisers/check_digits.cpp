#include "gateway/guard/recognisers/check_digits.hpp"

#include <algorithm>
#include <array>

#include "gateway/guard/recognisers/iban_countries.hpp"

namespace llmops::guard {
namespace {

bool all_digits(std::string_view text, std::size_t size) {
  return text.size() == size &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int digit(std::string_view text, std::size_t at) {
  return text[at] - '0';
}

int two_digits(std::string_view text, std::size_t at) {
  return 10 * digit(text, at) + digit(text, at + 1);
}

int century_of(int seventh_digit) {
  switch (seventh_digit) {
    case 9:
    case 0:
      return 1800;
    case 1:
    case 2:
    case 5:
    case 6:
      return 1900;
    default:
      return 2000;
  }
}

}  // namespace

std::string digits_of(std::string_view text) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits),
               [](char c) { return c >= '0' && c <= '9'; });
  return digits;
}

bool is_date(std::string_view six_digits, int century) {
  if (!all_digits(six_digits, 6)) return false;
  const int year = century + two_digits(six_digits, 0);
  const int month = two_digits(six_digits, 2);
  const int day = two_digits(six_digits, 4);
  constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1) return false;
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

ResidentNumber read_resident_number(std::string_view number) {
  ResidentNumber read;
  if (!all_digits(number, 13)) return read;
  const int seventh = digit(number, 6);
  const int century = century_of(seventh);
  read.foreigner = seventh >= 5 && seventh <= 8;
  read.real_date = is_date(number.substr(0, 6), century);
  read.birth_year = century + two_digits(number, 0);
  read.birth_month = two_digits(number, 2);
  constexpr std::array<int, 12> kWeights{2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5};
  int sum = 0;
  for (std::size_t i = 0; i < kWeights.size(); ++i) sum += kWeights[i] * digit(number, i);
  const int expected = ((read.foreigner ? 13 : 11) - sum % 11) % 10;
  // Before October 2020 digits 8 and 9 were a region, 00 to 95.
  const bool region = read.foreigner || two_digits(number, 7) <= 95;
  read.check_digit = region && expected == digit(number, 12);
  return read;
}

bool is_business_number(std::string_view digits) {
  if (!all_digits(digits, 10)) return false;
  constexpr std::array<int, 9> kKeys{1, 3, 7, 1, 3, 7, 1, 3, 5};
  int sum = digit(digits, 8) * 5 / 10;
  for (std::size_t i = 0; i < kKeys.size(); ++i) sum += kKeys[i] * digit(digits, i);
  const bool zeros = std::all_of(digits.begin(), digits.end(), [](char c) { return c == '0'; });
  return !zeros && (10 - sum % 10) % 10 == digit(digits, 9);
}

bool is_corporate_number(std::string_view digits) {
  if (!all_digits(digits, 13)) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 12; ++i) sum += digit(digits, i) * (i % 2 == 0 ? 1 : 2);
  return (10 - sum % 10) % 10 == digit(digits, 12);
}

bool is_luhn(std::string_view digits) {
  if (digits.empty() || !all_digits(digits, digits.size())) return false;
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int value = digit(digits, digits.size() - 1 - i);
    if (i % 2 == 1) value = value > 4 ? 2 * value - 9 : 2 * value;
    sum += value;
  }
  return sum % 10 == 0;
}

bool is_iban(std::string_view text) {
  if (text.size() < 4) return false;
  const auto length = std::find_if(kIbanLengths.begin(), kIbanLengths.end(), [&](const IbanLength& entry) {
    const std::size_t at = entry.countries.find(text.substr(0, 2));
    return entry.characters == text.size() && at != std::string_view::npos && at % 3 == 0;
  });
  if (length == kIbanLengths.end()) return false;
  const std::string_view check = text.substr(2, 2);
  if (check < "02" || check > "98") return false;
  int remainder = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[(i + 4) % text.size()];
    if (c >= '0' && c <= '9')
      remainder = (remainder * 10 + (c - '0')) % 97;
    else if (c >= 'A' && c <= 'Z')
      remainder = (remainder * 100 + (c - 'A' + 10)) % 97;
    else
      return false;
  }
  return remainder == 1;
}

bool is_social_security_number(std::string_view digits) {
  if (!all_digits(digits, 9)) return false;
  const std::string_view area = digits.substr(0, 3);
  if (area == "000" || area == "666" || area[0] == '9') return false;
  if (digits.substr(3, 2) == "00" || digits.substr(5) == "0000") return false;
  return digits != "078051120" && digits != "219099999";
}

}  // namespace llmops::guard
