#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::testing {

// Bytes without a period, the same for the same seed: a lost, doubled or moved byte shows.
inline std::string pattern(std::size_t size, std::uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  std::string result;
  result.reserve(size + 8);
  while (result.size() < size) {
    const std::uint64_t word = random();
    result.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  result.resize(size);
  return result;
}

// `bytes` cut into pieces of 1..most bytes; small ones are as frequent as large ones.
inline std::vector<std::string_view> pieces(std::string_view bytes, std::size_t most, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::string_view> result;
  while (!bytes.empty()) {
    std::size_t bound = 1;
    while (bound < most && random() % 4 != 0) bound *= 4;
    const std::size_t size = 1 + random() % (bound < most ? bound : most);
    result.push_back(bytes.substr(0, size));
    bytes.remove_prefix(result.back().size());
  }
  return result;
}

// Where two long texts begin to differ; npos if they are equal. Printing them would tell less.
inline std::size_t first_difference(std::string_view a, std::string_view b) {
  const std::size_t common = a.size() < b.size() ? a.size() : b.size();
  for (std::size_t i = 0; i < common; ++i) {
    if (a[i] != b[i]) return i;
  }
  return a.size() == b.size() ? std::string_view::npos : common;
}

}  // namespace drawbridge::testing
