#include "gateway/guard/engine/pseudonyms.hpp"

namespace llmops::guard {
namespace {

// '#' is a digit, '*' a lower-case letter or digit, 'c' of a card a digit that breaks the check (see invent).
struct Form {
  std::string_view kind, text;
};
constexpr Form kForms[] = {
    {"rrn", "##0000-1######"},   // month and day 00
    {"frn", "##0000-5######"},   //
    {"phone", "010-0###-####"},  // no subscriber number begins with 0
    {"email", "user-******@pseudonym.invalid"},
    {"card", "0000-####-####-####"},        // no issuer begins with 0
    {"iban", "ZZ00################"},       // no country ZZ, no check digits 00
    {"ssn", "000-##-####"},                 // no area 000
    {"ip", "240.#.#.#"},                    // reserved, never routed (RFC 1112)
    {"passport", "Q000#####"},              // no Korean passport begins with Q
    {"driver-licence", "99-##-######-##"},  // no region 99
    {"business-number", "000-00-#####"},    // no tax office 000
    {"corporate-number", "000000-#######"},
    {"bank-account", "000-0000-######"},
    {"address", "없는시 가상로 #####"},
    {"vehicle-plate", "00힣####"},  // 힣 is on no plate
    {"health-insurance-number", "0-000####000"},
    {"secret", "secret-****************"},
    {"urls", "https://link-********.invalid/"},
};

std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 30;
  value *= 0xBF58476D1CE4E5B9u;
  value ^= value >> 27;
  value *= 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

}  // namespace

// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t Pseudonyms::draw() {
  state_ += 0x9E3779B97F4A7C15u;
  return mix(state_);
}

std::string Pseudonyms::fill(std::string_view form) {
  static constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789";
  std::string text;
  for (const char sign : form) {
    if (sign == '#')
      text += static_cast<char>('0' + draw() % 10);
    else if (sign == '*')
      text += kLetters[draw() % kLetters.size()];
    else
      text += sign;
  }
  return text;
}

std::string Pseudonyms::invent(std::string_view kind) {
  if (kind == "ip")
    return "240." + std::to_string(draw() % 256) + "." + std::to_string(draw() % 256) + "." +
           std::to_string(draw() % 256);
  for (const Form& form : kForms)
    if (form.kind == kind) return fill(form.text);
  return std::string(kind) + "-" + fill("********");
}

const std::string& Pseudonyms::stand_in(std::string_view kind, const std::string& value,
                                        std::string_view original, bool comes_back) {
  const auto key = std::pair(std::string(kind), value);
  auto entry = by_value_.find(key);
  if (entry == by_value_.end()) {
    std::string pseudonym = invent(kind);
    // Forms have a hundred thousand values and more; longer ones once those run out.
    for (int attempt = 0; by_pseudonym_.contains(pseudonym); ++attempt)
      pseudonym = invent(kind) + (attempt < 64 ? "" : "-" + fill("********"));
    by_pseudonym_[pseudonym] = {std::string(original), comes_back};
    entry = by_value_.emplace(key, std::move(pseudonym)).first;
  } else if (comes_back) {
    by_pseudonym_[entry->second].comes_back = true;
  }
  return entry->second;
}

std::vector<std::string> Pseudonyms::returning() const {
  std::vector<std::string> names;
  for (const auto& [pseudonym, known] : by_pseudonym_)
    if (known.comes_back) names.push_back(pseudonym);
  return names;
}

const std::string* Pseudonyms::original(const std::string& pseudonym) const {
  const auto known = by_pseudonym_.find(pseudonym);
  return known == by_pseudonym_.end() || !known->second.comes_back ? nullptr : &known->second.original;
}

}  // namespace llmops::guard
