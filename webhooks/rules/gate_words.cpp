#include "webhooks/rules/gate_words.hpp"

#include <cmath>
#include <cstdio>

namespace llmops::rules {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string points(double share) {
  const double rounded = std::round(share * 1000) / 10;
  return number(rounded > 0 || share <= 0 ? rounded : share * 100) + (rounded == 1 ? " point" : " points");
}

std::string items(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " item" : " items");
}

std::string lost_items(std::int64_t count) {
  if (count == 0) return "no lost item";
  return count == 1 ? "one lost item" : std::to_string(count) + " lost items";
}

std::string objective_words(const api::Objective& objective) {
  std::string words = "mean";
  if (objective.min) words += " at least " + number(*objective.min);
  if (objective.min && objective.max) words += " and";
  if (objective.max) words += " at most " + number(*objective.max);
  return words;
}

}  // namespace llmops::rules
