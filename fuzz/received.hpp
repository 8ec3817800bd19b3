#pragma once

#include "unit/ws/client_frame.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace drawbridge::fuzz {

// A fuzz input as what a browser sent and how reads cut it: options (1 byte), the number of read sizes (1 byte), the
// read sizes (1 byte each; without any, every read is one byte), then the bytes.
struct Received {
  unsigned options = 0;
  std::span<const std::uint8_t> sizes;
  ws::Bytes bytes;

  static constexpr std::size_t shortest = 2;

  // `size` is at least `shortest`.
  Received(const std::uint8_t* data, std::size_t size) : options(data[0]) {
    const std::span input(data + shortest, std::min<std::size_t>(size - shortest, 1024));
    sizes = input.first(std::min<std::size_t>(data[1], input.size()));
    bytes.assign(input.begin() + static_cast<std::ptrdiff_t>(sizes.size()), input.end());
  }

  // The size of each read in turn, over and over.
  auto reads() const {
    return [sizes = sizes, at = std::size_t{0}]() mutable {
      return sizes.empty() ? std::size_t{1} : std::max<std::size_t>(1, sizes[at++ % sizes.size()]);
    };
  }
};

}  // namespace drawbridge::fuzz
