#include "auth/algorithm.hpp"

namespace drawbridge::auth {

std::optional<std::size_t> find_algorithm(std::string_view name) {
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    if (algorithms[i].name == name) return i;
  }
  return {};
}

AlgorithmSet algorithms_of(KeyType type, Curve curve) {
  AlgorithmSet set;
  for (std::size_t i = 0; i < algorithms.size(); ++i)
    set[i] = algorithms[i].key == type && algorithms[i].curve == curve;
  return set;
}

}  // namespace drawbridge::auth
