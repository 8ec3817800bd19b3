#include "ws/mask.hpp"

#include <cstring>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace drawbridge::ws {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t key_bytes[4] = {0x01, 0x23, 0xAB, 0xF7};

std::uint32_t key() {
  std::uint32_t value = 0;
  std::memcpy(&value, key_bytes, sizeof value);
  return value;
}

Bytes some_bytes(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 167 + i / 256);
  return bytes;
}

Bytes expected(const Bytes& masked, unsigned phase) {
  Bytes plain(masked.size());
  for (std::size_t i = 0; i < masked.size(); ++i) plain[i] = masked[i] ^ key_bytes[(phase + i) % 4];
  return plain;
}

// Unmasks `size` bytes that lie `distance` above where they go, with guard bytes around.
void check(std::size_t size, unsigned phase, std::size_t distance) {
  constexpr std::size_t guard = 64;
  const Bytes masked = some_bytes(size);
  Bytes block(guard + distance + size + guard, 0xEE);
  std::uint8_t* const dst = block.data() + guard;
  if (size > 0) std::memcpy(dst + distance, masked.data(), size);
  const Bytes before = block;

  const unsigned end_phase = unmask(dst, dst + distance, size, key(), phase);

  const Bytes plain = expected(masked, phase);
  bool good = end_phase == (phase + size) % 4;
  good = good && std::equal(plain.begin(), plain.end(), dst);
  good = good && std::equal(block.begin(), block.begin() + guard, before.begin());
  const auto untouched = static_cast<std::ptrdiff_t>(guard + size);
  good = good && std::equal(block.begin() + untouched, block.end(), before.begin() + untouched);
  if (!good) BOOST_TEST(false, "size " << size << " phase " << phase << " distance " << distance);
}

BOOST_AUTO_TEST_SUITE(mask)

BOOST_AUTO_TEST_CASE(equals_a_byte_loop_in_place_and_moved_down) {
  for (std::size_t size = 0; size <= 300; ++size) {
    for (unsigned phase = 0; phase < 4; ++phase) {
      for (const std::size_t distance :
           {0U, 1U, 2U, 4U, 6U, 7U, 8U, 14U, 15U, 16U, 17U, 31U, 32U, 33U, 63U, 64U, 65U, 400U}) {
        check(size, phase, distance);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(equals_a_byte_loop_for_large_blocks) {
  for (const std::size_t size : {511U, 512U, 513U, 4095U, 4096U, 4099U, 65535U, 65536U, 65543U}) {
    for (unsigned phase = 0; phase < 4; ++phase) {
      for (const std::size_t distance : {0U, 6U, 8U, 14U, 100U}) check(size, phase, distance);
    }
  }
}

BOOST_AUTO_TEST_CASE(pieces_that_pass_on_the_phase_equal_the_whole) {
  const Bytes masked = some_bytes(200);
  const Bytes plain = expected(masked, 0);
  for (std::size_t first = 0; first <= masked.size(); ++first) {
    Bytes block = masked;
    const unsigned phase = unmask(block.data(), block.data(), first, key(), 0);
    unmask(block.data() + first, block.data() + first, block.size() - first, key(), phase);
    BOOST_TEST((block == plain), "first piece " << first);
  }
}

BOOST_AUTO_TEST_CASE(may_copy_to_another_block) {
  for (std::size_t size = 0; size <= 600; ++size) {
    const Bytes masked = some_bytes(size);
    Bytes out(size);
    unmask(out.data(), masked.data(), size, key(), 1);
    BOOST_TEST((out == expected(masked, 1)), "size " << size);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::ws
