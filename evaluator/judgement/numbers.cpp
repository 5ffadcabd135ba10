#include "evaluator/judgement/numbers.hpp"

#include <cmath>
#include <cstdio>

namespace llmops::judgement {
namespace {

std::string fixed(double value, int places) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", places, value);
  std::string text = buffer;
  if (text.starts_with('-') && text.find_first_of("123456789") == std::string::npos) text.erase(0, 1);
  if (text.size() > 32) {  // beyond any score or latency; still a number
    std::snprintf(buffer, sizeof buffer, "%.6g", value);
    text = buffer;
  }
  return text;
}

}  // namespace

std::string decimal(double value) {
  return fixed(value, 4);
}

std::string readable(double value, bool milliseconds) {
  std::string text = milliseconds ? fixed(value, std::fabs(value) < 10 ? 1 : 0) : fixed(value, 4);
  if (text.starts_with('-')) text.replace(0, 1, "−");
  return milliseconds ? text + " ms" : text;
}

std::string readable_signed(double value, bool milliseconds) {
  const std::string text = readable(value, milliseconds);
  return text.starts_with("−") ? text : "+" + text;
}

}  // namespace llmops::judgement
