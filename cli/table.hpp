// Columns for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llmops::cli {

// Rows whose cells begin under each other, two spaces apart; no spaces at the end of a line.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.size() == 1; }
  std::string text(std::string_view indent = {}) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// Columns that the text takes on a terminal; East Asian wide characters take two.
std::size_t display_width(std::string_view utf8);

// The text broken at spaces into lines of at most `width` columns, each after `indent`; the first after
// `lead` where there is one (a bullet as wide as the indent).
std::string wrapped(std::string_view text, std::string_view indent, std::size_t width = 100,
                    std::string_view lead = {});

}  // namespace llmops::cli
