// The table that a simulation prints: a row a check, with what was found and what is allowed.
#pragma once

#include <string>

namespace llmops::sim_statistics {

class Table {
 public:
  void section(const std::string& title);
  // Each prints a row at once, and counts a breach unless the check holds.
  void at_most(const std::string& name, double found, double allowed);
  void at_least(const std::string& name, double found, double allowed);
  // A median number of trials against a published one, of which 15 % more are allowed.
  void median(const std::string& name, double found, double published);
  int breaches() const { return breaches_; }

 private:
  void row(const std::string& name, double found, const std::string& allowed, bool good);
  int breaches_ = 0;
};

}  // namespace llmops::sim_statistics
