#include "policy/seeded_hash.hpp"

#include <random>

namespace drawbridge::policy {

SeededHash::SeededHash() {
  std::random_device device;
  for (std::uint64_t& seed : seeds_) seed = std::uint64_t{device()} << 32 | device();
}

}  // namespace drawbridge::policy
