#include "e2e/fault_engine/draw.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace llmops::fault_engine {
namespace {

enum class Purpose : std::uint64_t { Fault, FirstTokenRadius, FirstTokenAngle };

constexpr double kLongestFirstToken = 600'000;  // milliseconds

// The finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ull;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBull;
  return value ^ (value >> 31);
}

// In [0, 1).
double uniform(std::uint64_t seed, std::uint64_t number, Purpose purpose) {
  constexpr std::uint64_t kGamma = 0x9E3779B97F4A7C15ull;
  const std::uint64_t stream = mixed(seed + kGamma * (static_cast<std::uint64_t>(purpose) + 1));
  return static_cast<double>(mixed(stream + kGamma * (number + 1)) >> 11) * 0x1p-53;
}

}  // namespace

Fault draw_fault(const Shares& shares, std::uint64_t seed, std::uint64_t number) {
  double left = uniform(seed, number, Purpose::Fault);
  const struct {
    double share;
    Fault fault;
  } rows[] = {{shares.error, Fault::Error},
              {shares.stall, Fault::Stall},
              {shares.cut, Fault::Cut},
              {shares.refusal, Fault::Refusal}};
  for (const auto& row : rows) {
    if (left < row.share) return row.fault;
    left -= row.share;
  }
  return Fault::None;
}

Duration draw_first_token(const FirstToken& first_token, std::uint64_t seed, std::uint64_t number) {
  if (first_token.sigma == 0) return first_token.median;
  // Box and Muller's normal deviate.
  const double radius = std::sqrt(-2 * std::log(1 - uniform(seed, number, Purpose::FirstTokenRadius)));
  const double angle = 2 * std::numbers::pi * uniform(seed, number, Purpose::FirstTokenAngle);
  const double factor = std::exp(first_token.sigma * radius * std::cos(angle));
  const double milliseconds = static_cast<double>(first_token.median.count()) * factor;
  return Duration(std::llround(std::min(milliseconds, kLongestFirstToken)));
}

}  // namespace llmops::fault_engine
