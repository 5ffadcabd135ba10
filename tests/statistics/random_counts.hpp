// Fast, seeded draws of counts for simulations.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace llmops::sim_statistics {

// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ull + 0x1234567ull) {}
  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ull;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  bool chance(double probability) { return uniform() < probability; }

 private:
  std::uint64_t state_;
};

// The number of events in `trials` <= 31 trials, by inversion of a table.
class Events {
 public:
  Events(int trials, double rate) : trials_(trials) {
    double mass = std::pow(1 - rate, trials), sum = 0;
    for (int k = 0; k < trials; ++k) {
      sum += mass;
      limits_[static_cast<std::size_t>(k)] = std::min(sum, 1.0);
      mass *= rate / (1 - rate) * (trials - k) / (k + 1);
    }
    limits_[static_cast<std::size_t>(trials)] = 2;
  }
  int trials() const { return trials_; }
  int draw(Random& random) const {
    const double u = random.uniform();
    std::size_t k = 0;
    while (u >= limits_[k]) ++k;
    return static_cast<int>(k);
  }

 private:
  std::array<double, 32> limits_{};
  int trials_;
};

}  // namespace llmops::sim_statistics
