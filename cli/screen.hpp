// Where a view that goes on is shown.
#pragma once

#include <string>

#include "cli/verb.hpp"

namespace llmops::cli {

// On a terminal every text is drawn over the one before, cut to the window; elsewhere it is appended after an
// empty line. Colours on terminals, unless $NO_COLOR is set (https://no-color.org).
class Screen {
 public:
  explicit Screen(Context& context);
  void show(const std::string& text);

 private:
  Context& context_;
  bool coloured_ = false;
  bool began_ = false;
};

// At most so many lines and columns (0: any), with a last line that says how many are missing.
std::string cut_to(const std::string& text, ScreenSize size);

}  // namespace llmops::cli
