// Choices that follow from a seed alone (SplitMix64), apart from the world's own.
#pragma once

#include <cstdint>

#include "crds/base/time.hpp"

namespace llmops::simulation {

class Draws {
 public:
  explicit Draws(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ull + 1) {}
  // Below `below`, which is at least 1.
  std::uint64_t below(std::uint64_t below) {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return (z ^ (z >> 31)) % below;
  }
  bool one_in(std::uint64_t many) { return below(many) == 0; }
  Duration time(Duration limit) {
    return Duration(static_cast<Duration::rep>(below(static_cast<std::uint64_t>(limit.count()))));
  }
  template <class Choices>
  const auto& of(const Choices& choices) {
    return choices[below(choices.size())];
  }

 private:
  std::uint64_t state_;
};

}  // namespace llmops::simulation
