#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace drawbridge::bench {

// How many bytes the next frame or write has: always the same, or mixed from 1 B to 1 MiB with every power of two
// equally likely, and the same sequence in every run.
class Sizes {
 public:
  static Sizes fixed(std::size_t size) { return Sizes(size, 0); }
  static Sizes mixed(std::uint64_t seed) { return Sizes(0, seed); }

  std::size_t next() {
    if (fixed_ != 0) return fixed_;
    const std::uint64_t random = split_mix();
    const std::uint64_t power = 1ULL << (random % 21);
    return static_cast<std::size_t>(std::min(power + ((random >> 32) & (power - 1)), largest));
  }

 private:
  static constexpr std::uint64_t largest = 1ULL << 20;

  Sizes(std::size_t fixed, std::uint64_t seed) : fixed_(fixed), state_(seed) {}

  std::uint64_t split_mix() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

  std::size_t fixed_;
  std::uint64_t state_;
};

}  // namespace drawbridge::bench
