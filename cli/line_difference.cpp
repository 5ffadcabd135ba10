#include "cli/line_difference.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace llmops::cli {
namespace {

constexpr std::size_t kMaxLines = 2000;
constexpr std::size_t kAround = 2;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

struct Line {
  char sign;  // ' ', '-', '+'
  std::string_view text;
};

// By the longest common subsequence of what equal heads and tails leave.
std::vector<Line> compare(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
  std::size_t head = 0, tail = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  while (head + tail < a.size() && head + tail < b.size() && a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
    ++tail;
  const std::size_t n = a.size() - head - tail, m = b.size() - head - tail;
  std::vector<Line> lines;
  for (std::size_t i = 0; i < head; ++i) lines.push_back({' ', a[i]});
  if (n > kMaxLines || m > kMaxLines) {
    for (std::size_t i = 0; i < n; ++i) lines.push_back({'-', a[head + i]});
    for (std::size_t j = 0; j < m; ++j) lines.push_back({'+', b[head + j]});
  } else {
    std::vector<std::uint16_t> length((n + 1) * (m + 1), 0);
    const auto at = [&](std::size_t i, std::size_t j) -> std::uint16_t& { return length[i * (m + 1) + j]; };
    for (std::size_t i = n; i-- > 0;)
      for (std::size_t j = m; j-- > 0;)
        at(i, j) = a[head + i] == b[head + j] ? static_cast<std::uint16_t>(at(i + 1, j + 1) + 1)
                                              : std::max(at(i + 1, j), at(i, j + 1));
    for (std::size_t i = 0, j = 0; i < n || j < m;) {
      if (i < n && j < m && a[head + i] == b[head + j]) {
        lines.push_back({' ', a[head + i]});
        ++i, ++j;
      } else if (j >= m || (i < n && at(i + 1, j) >= at(i, j + 1))) {
        lines.push_back({'-', a[head + i++]});
      } else {
        lines.push_back({'+', b[head + j++]});
      }
    }
  }
  for (std::size_t i = a.size() - tail; i < a.size(); ++i) lines.push_back({' ', a[i]});
  return lines;
}

}  // namespace

std::string line_differences(std::string_view before, std::string_view after) {
  if (before == after) return {};
  const auto lines = compare(lines_of(before), lines_of(after));
  std::string text;
  bool left_out = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t from = i < kAround ? 0 : i - kAround;
    const std::size_t to = std::min(lines.size(), i + kAround + 1);
    const bool near = std::any_of(lines.begin() + static_cast<std::ptrdiff_t>(from),
                                  lines.begin() + static_cast<std::ptrdiff_t>(to),
                                  [](const Line& line) { return line.sign != ' '; });
    if (near) {
      text += std::string(1, lines[i].sign) + " " + std::string(lines[i].text) + "\n";
    } else if (!left_out) {
      text += "  …\n";
    }
    left_out = !near;
  }
  return text;
}

}  // namespace llmops::cli
