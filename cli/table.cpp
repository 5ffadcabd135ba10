#include "cli/table.hpp"

#include <algorithm>

namespace llmops::cli {
namespace {

// Hangul, kana, CJK ideographs and fullwidth forms (Unicode TR 11, classes W and F, without emoji).
bool is_wide(char32_t c) {
  return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
         (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x20000 && c <= 0x3FFFD);
}

}  // namespace

std::size_t display_width(std::string_view utf8) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t c = length == 1 ? lead : lead & (0xFFu >> (length + 1));
    for (std::size_t i = 1; i < length && at + i < utf8.size(); ++i)
      c = (c << 6) | (static_cast<unsigned char>(utf8[at + i]) & 0x3Fu);
    width += is_wide(c) ? 2 : 1;
    at += length;
  }
  return width;
}

std::string Table::text(std::string_view indent) const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line(indent);
    for (std::size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(widths[i] + 2 - display_width(row[i]), ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string wrapped(std::string_view text, std::string_view indent, std::size_t width,
                    std::string_view lead) {
  std::string result;
  std::string line;
  std::size_t columns = 0;
  const auto end_line = [&] {
    result += std::string(result.empty() && !lead.empty() ? lead : indent) + line + "\n";
    line.clear();
    columns = 0;
  };
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
    const std::size_t needed = display_width(word);
    if (columns > 0 && columns + 1 + needed > width) end_line();
    if (columns > 0) {
      line += ' ';
      ++columns;
    }
    line += word;
    columns += needed;
  }
  if (!line.empty()) end_line();
  return result;
}

}  // namespace llmops::cli
