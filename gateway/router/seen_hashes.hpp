// A bounded memory of what has been seen, by 64-bit hashes: 65,536 of them in 512 KiB, taken when the first
// comes. Groups of eight share their places; in a full group the oldest is forgotten. Two things with one
// hash are one thing (one in 10^14 for each that is asked).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace llmops::gateway {

class SeenHashes {
 public:
  // True the first time; false as long as it is remembered.
  bool add(std::uint64_t hash);

 private:
  std::vector<std::uint64_t> hashes_;
};

}  // namespace llmops::gateway
