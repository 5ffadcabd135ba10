#include "cli/screen.hpp"

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <string_view>
#include <vector>

#include "cli/icons.hpp"
#include "cli/table.hpp"

namespace llmops::cli {
namespace {

constexpr const char* kClear = "\x1b[2J\x1b[H";
constexpr const char* kHome = "\x1b[H";
constexpr const char* kClearRestOfLine = "\x1b[K";
constexpr const char* kClearBelow = "\x1b[J";

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

std::string cut_line(std::string_view line, std::size_t columns) {
  if (columns == 0 || display_width(line) <= columns) return std::string(line);
  std::string cut;
  std::size_t width = 0;
  for (std::size_t at = 0; at < line.size();) {
    std::size_t end = at + 1;
    while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) ++end;
    const std::string_view character = line.substr(at, end - at);
    width += display_width(character);
    if (width + 1 > columns) break;
    cut += character;
    at = end;
  }
  return cut + "…";
}

}  // namespace

std::string cut_to(const std::string& text, ScreenSize size) {
  auto lines = lines_of(text);
  std::string rest;
  // The last row stays free for the cursor.
  if (size.rows > 1 && lines.size() > size.rows - 1) {
    rest = "… and " + std::to_string(lines.size() - (size.rows - 2)) + " more lines";
    lines.resize(size.rows - 2);
  }
  std::string cut;
  for (const std::string_view line : lines) cut += cut_line(line, size.columns) + "\n";
  return rest.empty() ? cut : cut + cut_line(rest, size.columns) + "\n";
}

Screen::Screen(Context& context) : context_(context) {
  const char* plain = std::getenv("NO_COLOR");
  coloured_ = context.terminal && !(plain && *plain);
}

void Screen::show(const std::string& text) {
  if (!context_.terminal) {
    context_.out << (began_ ? "\n" : "") << text << std::flush;
  } else {
    std::string drawn = cut_to(text, context_.screen_size ? context_.screen_size() : ScreenSize());
    if (coloured_) drawn = with_colours(std::move(drawn));
    context_.out << (began_ ? kHome : kClear);
    for (const std::string_view line : lines_of(drawn)) context_.out << line << kClearRestOfLine << "\n";
    context_.out << kClearBelow << std::flush;
  }
  began_ = true;
}

}  // namespace llmops::cli
