#include "evaluator/live/numbers.hpp"

#include <cmath>
#include <cstdio>

namespace llmops::live {
namespace {

std::string printed(const char* format, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

}  // namespace

std::string number(double value) {
  return printed("%.6g", value);
}

std::string percent(double rate) {
  const double value = 100 * rate;
  return printed(value == 0 || value >= 0.1 ? "%.2f %%" : "%.2g %%", value);
}

std::string share(const statistics::ArmCount& count) {
  if (count.trials == 0) return "no trials";
  return std::to_string(count.events) + " of " + std::to_string(count.trials) + " (" +
         percent(static_cast<double>(count.events) / static_cast<double>(count.trials)) + ")";
}

std::string e_value(statistics::NanoNats log) {
  const double value = std::exp(static_cast<double>(log) / statistics::kNanoNatsPerNat);
  if (value > 1e6) return "more than 1000000";
  return printed(value < 10 ? "%.2f" : "%.1f", value < 10 ? value : std::floor(10 * value) / 10);
}

}  // namespace llmops::live
