#include "ws/mask.hpp"

#include <bit>
#include <cstring>

namespace drawbridge::ws {
namespace {

// The key as it stands `phase` bytes into the payload.
std::uint32_t rotated(std::uint32_t key, std::size_t phase) {
  const int bits = static_cast<int>(phase % 4) * 8;
  return std::endian::native == std::endian::little ? std::rotr(key, bits) : std::rotl(key, bits);
}

// In memory.
std::uint8_t first_byte(std::uint32_t key) {
  return static_cast<std::uint8_t>(std::endian::native == std::endian::little ? key : key >> 24U);
}

template <class Word>
void unmask_two_words(std::uint8_t* dst, const std::uint8_t* src, std::size_t size, Word key, Word tail_key) {
  Word head;
  Word tail;
  std::memcpy(&head, src, sizeof(Word));
  std::memcpy(&tail, src + size - sizeof(Word), sizeof(Word));
  head ^= key;
  tail ^= tail_key;
  std::memcpy(dst, &head, sizeof(Word));
  std::memcpy(dst + size - sizeof(Word), &tail, sizeof(Word));
}

constexpr std::uint64_t doubled(std::uint32_t key) {
  return (std::uint64_t{key} << 32U) | key;
}

void unmask_short(std::uint8_t* dst, const std::uint8_t* src, std::size_t size, std::uint32_t key) {
  if (size >= 8) {
    unmask_two_words<std::uint64_t>(dst, src, size, doubled(key), doubled(rotated(key, size)));
  } else if (size >= 4) {
    unmask_two_words<std::uint32_t>(dst, src, size, key, rotated(key, size));
  } else {
    for (std::size_t i = 0; i < size; ++i) dst[i] = src[i] ^ first_byte(rotated(key, i));
  }
}

// For size >= width. The last vector overlaps the one before it, so that there is no loop over a tail; it is read
// before anything is written, as dst may be src.
template <std::size_t width>
[[gnu::always_inline]] inline void unmask_vectors(std::uint8_t* dst, const std::uint8_t* src, std::size_t size,
                                                  std::uint32_t key) {
  using Vector [[gnu::vector_size(width)]] = std::uint32_t;
  const Vector mask = Vector{} ^ key;
  Vector last;
  std::memcpy(&last, src + size - width, width);
  last ^= Vector{} ^ rotated(key, size);

  std::uint8_t* const end = dst + size;
  std::size_t left = size;
  for (; left > 4 * width; left -= 4 * width, dst += 4 * width, src += 4 * width) {
    Vector a;
    Vector b;
    Vector c;
    Vector d;
    std::memcpy(&a, src, width);
    std::memcpy(&b, src + width, width);
    std::memcpy(&c, src + 2 * width, width);
    std::memcpy(&d, src + 3 * width, width);
    a ^= mask;
    b ^= mask;
    c ^= mask;
    d ^= mask;
    std::memcpy(dst, &a, width);
    std::memcpy(dst + width, &b, width);
    std::memcpy(dst + 2 * width, &c, width);
    std::memcpy(dst + 3 * width, &d, width);
  }
  for (; left > width; left -= width, dst += width, src += width) {
    Vector part;
    std::memcpy(&part, src, width);
    part ^= mask;
    std::memcpy(dst, &part, width);
  }
  std::memcpy(end - width, &last, width);
}

// 16 bytes: SSE2 and NEON, which every x86-64 and AArch64 has; elsewhere the compiler makes two 64-bit words of it.
void unmask_baseline(std::uint8_t* dst, const std::uint8_t* src, std::size_t size, std::uint32_t key) {
  unmask_vectors<16>(dst, src, size, key);
}

#ifdef __x86_64__
[[gnu::target("avx2")]] void unmask_avx2(std::uint8_t* dst, const std::uint8_t* src, std::size_t size,
                                         std::uint32_t key) {
  unmask_vectors<32>(dst, src, size, key);
}

const bool has_avx2 = [] {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0;
}();

// Below this the wider registers gain nothing.
constexpr std::size_t shortest_for_avx2 = 256;
#endif

}  // namespace

unsigned unmask(std::uint8_t* dst, const std::uint8_t* src, std::size_t size, std::uint32_t key, unsigned phase) {
  key = rotated(key, phase);
  if (size < 16) {
    unmask_short(dst, src, size, key);
#ifdef __x86_64__
  } else if (size >= shortest_for_avx2 && has_avx2) {
    unmask_avx2(dst, src, size, key);
#endif
  } else {
    unmask_baseline(dst, src, size, key);
  }
  return static_cast<unsigned>((phase + size) % 4);
}

}  // namespace drawbridge::ws
