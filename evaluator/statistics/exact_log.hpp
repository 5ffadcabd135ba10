// Logarithms whose bits are the same on every machine, for e-values that are replayed and compared.
//
// Relied on: IEEE 754 doubles, round to nearest, with + - * / each rounded once (the source forbids fused
// multiply-add). The C library's log and exp are not used: their last bits differ between versions.
// Error of log and exp: below 2e-15 of their value (tests/unit/evaluator/e_process_test.cpp).
#pragma once

#include <cstdint>

namespace llmops::statistics {

// Natural logarithms in units of 1e-9; 1 nat is a factor of 2.718.
using NanoNats = std::int64_t;
inline constexpr double kNanoNatsPerNat = 1e9;
// No evidence counts beyond e^(+-1e6).
inline constexpr NanoNats kMostNanoNats = 1'000'000'000'000'000;

// x > 0, finite and normal.
double exact_log(double x);
// x <= 0; 0 below -700.
double exact_exp(double x);

// The logarithm of a product of powers of factors near 1, rounded down by more than all its errors: what the
// rounding takes away only ever weakens evidence.
class LogProduct {
 public:
  // factor > 0 with a relative error of at most 4 units in the last place, exponent >= 0.
  void multiply(double factor, double exponent);
  NanoNats rounded_down() const;

 private:
  double sum_ = 0;
  double magnitude_ = 0;
  double factors_ = 0;
};

// a + b within +-kMostNanoNats.
NanoNats add_clamped(NanoNats a, NanoNats b);

}  // namespace llmops::statistics
