#pragma once

#include <cstddef>
#include <cstdint>

namespace drawbridge::ws {

// dst[i] = src[i] ^ key[(phase + i) % 4] for i < size (RFC 6455 §5.3). `key` holds the four key bytes in wire order in
// memory. dst may be src or lie below it; overlapping otherwise is undefined. Returns the phase after the last byte.
unsigned unmask(std::uint8_t* dst, const std::uint8_t* src, std::size_t size, std::uint32_t key, unsigned phase);

}  // namespace drawbridge::ws
