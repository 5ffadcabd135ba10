// Precision and recall on the labelled set.
//
// A labelled value is found when findings of its type cover all its bytes. A finding is right when it
// overlaps a labelled value of its type. Intervals are Clopper and Pearson's (1934), two-sided 95 %.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace llmops::guard {

struct Interval {
  double low = 0;
  double high = 1;
};
Interval exact_interval(std::size_t successes, std::size_t trials);

struct Counts {
  std::size_t labelled = 0;  // values in the set
  std::size_t covered = 0;   // of them, wholly covered by findings of their type
  std::size_t any_type = 0;  // of them, wholly covered by findings of whatever type
  std::size_t findings = 0;  // of this type
  std::size_t right = 0;     // of them, at a value of this type
};

struct Measured {
  std::size_t lines = 0;
  std::size_t without_values = 0;
  std::size_t false_alarms = 0;  // lines without values in which something was found
  std::map<std::string, Counts> types;
  std::string mistakes;  // one a line, for people
};

// The texts of the set, of both languages.
std::vector<std::string> labelled_lines();

// tests/data/recognisers/<language>.jsonl with both rules at their defaults.
Measured measure(const std::string& language);

}  // namespace llmops::guard
