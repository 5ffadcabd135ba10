#include "evaluator/statistics/exact_log.hpp"

#include <algorithm>
#include <cmath>

#pragma STDC FP_CONTRACT OFF

namespace llmops::statistics {
namespace {

constexpr double kLn2 = 0.693147180559945309417;
constexpr double kSqrtHalf = 0.70710678118654752440;

}  // namespace

double exact_log(double x) {
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);  // exact, in [1/2, 1)
  if (mantissa < kSqrtHalf) {
    mantissa *= 2;
    --exponent;
  }
  // log m = 2 artanh((m - 1) / (m + 1)); the argument is below 0.1716, the first term left out below 1e-18.
  const double t = (mantissa - 1) / (mantissa + 1);
  const double u = t * t;
  double series = 1.0 / 21;
  for (int odd = 19; odd >= 3; odd -= 2) series = series * u + 1.0 / odd;
  return static_cast<double>(exponent) * kLn2 + (2 * t + 2 * t * (u * series));
}

double exact_exp(double x) {
  if (!(x > -700)) return 0;
  const double halvings = std::floor(x / kLn2 + 0.5);
  const double rest = x - halvings * kLn2;  // at most 0.35; its error is that of x
  double series = 1;
  for (int term = 16; term >= 1; --term) series = 1 + series * rest / term;
  return std::ldexp(series, static_cast<int>(halvings));
}

void LogProduct::multiply(double factor, double exponent) {
  if (exponent == 0) return;
  const double term = exponent * exact_log(factor);
  sum_ += term;
  magnitude_ += std::abs(term);
  factors_ += exponent;
}

NanoNats LogProduct::rounded_down() const {
  const double error = 4e-15 * magnitude_ + 1e-15 * factors_;
  const double limit = static_cast<double>(kMostNanoNats);
  const double nano = std::floor((sum_ - error) * kNanoNatsPerNat) - 1;
  return static_cast<NanoNats>(std::clamp(nano, -limit, limit));
}

NanoNats add_clamped(NanoNats a, NanoNats b) {
  return std::clamp(a + b, -kMostNanoNats, kMostNanoNats);
}

}  // namespace llmops::statistics
