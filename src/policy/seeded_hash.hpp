#pragma once

#include <array>
#include <cstdint>

namespace drawbridge::policy {

// Seeded, so that nobody can choose keys that crowd one shard or one chain of a table. Copies hash alike.
class SeededHash {
 public:
  SeededHash();

  std::uint64_t operator()(std::uint64_t value, std::uint64_t kind) const noexcept {
    return finish(finish(value ^ seeds_[0]) + kind + seeds_[1]);
  }

 private:
  // The finaliser of MurmurHash3: every bit of the input moves every bit of the result.
  static constexpr std::uint64_t finish(std::uint64_t x) noexcept {
    x = (x ^ x >> 33) * 0xff51afd7ed558ccdULL;
    x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ULL;
    return x ^ x >> 33;
  }

  std::array<std::uint64_t, 2> seeds_{};
};

}  // namespace drawbridge::policy
