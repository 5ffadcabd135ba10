// Numbers as the texts of live gates write them.
#pragma once

#include <string>

#include "evaluator/statistics/e_process.hpp"

namespace llmops::live {

// Up to six significant digits.
std::string number(double value);
// "7.50 %"; two significant digits below 0.1 %.
std::string percent(double rate);
// "9 of 120 (7.50 %)"; "no trials".
std::string share(const statistics::ArmCount& count);
// An e-value from its logarithm, never rounded up to a threshold: "0.42", "41.3", "more than 1000000".
std::string e_value(statistics::NanoNats log);

}  // namespace llmops::live
