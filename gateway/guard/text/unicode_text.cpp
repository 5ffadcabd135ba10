#include "gateway/guard/text/unicode_text.hpp"

#include <utf8proc.h>

#include <cstdlib>

namespace llmops::guard {
namespace {

constexpr std::int32_t kReplacement = 0xFFFD;

std::string repaired(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const std::int32_t code_point : code_points(text)) {
    utf8proc_uint8_t bytes[4];
    const auto length = utf8proc_encode_char(code_point, bytes);
    result.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
  }
  return result;
}

bool is_ascii(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

}  // namespace

std::vector<std::int32_t> code_points(std::string_view text) {
  std::vector<std::int32_t> result;
  result.reserve(text.size());
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t code_point = -1;
    utf8proc_ssize_t used = utf8proc_iterate(bytes, left, &code_point);
    if (used <= 0) {
      code_point = kReplacement;
      used = 1;
    }
    result.push_back(code_point);
    bytes += used;
    left -= used;
  }
  return result;
}

std::string normalize(std::string_view text, UnicodeForm form, bool fold_case) {
  if (!fold_case && is_ascii(text)) return std::string(text);
  const std::string input = repaired(text);
  int options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
  if (form == UnicodeForm::Nfkc) options |= UTF8PROC_COMPAT;
  if (fold_case) options |= UTF8PROC_CASEFOLD;
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(input.data()),
                                               static_cast<utf8proc_ssize_t>(input.size()), &mapped,
                                               static_cast<utf8proc_option_t>(options));
  if (length < 0) return input;  // only lack of memory can lead here: the input is well formed
  std::string result(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length));
  std::free(mapped);  // NOLINT: utf8proc allocates with malloc
  return result;
}

bool is_white_space(std::int32_t code_point) {
  if ((code_point >= 0x09 && code_point <= 0x0D) || (code_point >= 0x1C && code_point <= 0x1F)) return true;
  if (code_point == 0x85) return true;
  const utf8proc_category_t category = utf8proc_category(code_point);
  return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

}  // namespace llmops::guard
