#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace drawbridge::bench {

enum class Direction : std::uint8_t { up, down };

// The bytes of one direction of one session, computed from their offset, so that neither end keeps a copy. Word i is
// salt + i * odd: no two words of a stream are equal, so bytes that were lost, repeated or moved by a multiple of 8
// differ in every following word; any other shift and another session's salt show within a few bytes.
class Pattern {
 public:
  Pattern(std::uint32_t session, Direction direction)
      : salt_((std::uint64_t{session} * 2 + (direction == Direction::down) + 1) * 0xD1B54A32D192ED03) {}

  void fill(std::uint64_t offset, std::span<std::byte> out) const {
    std::uint64_t word = salt_ + offset / word_size * odd;
    if (const std::size_t inside = offset % word_size; inside != 0) {
      const std::size_t size = std::min(word_size - inside, out.size());
      std::byte bytes[word_size];
      std::memcpy(bytes, &word, word_size);
      std::memcpy(out.data(), bytes + inside, size);
      out = out.subspan(size);
      word += odd;
    }
    for (; out.size() >= word_size; out = out.subspan(word_size), word += odd)
      std::memcpy(out.data(), &word, word_size);
    std::memcpy(out.data(), &word, out.size());
  }

  // Where in `bytes` the first wrong byte is; bytes.size() if there is none.
  std::size_t mismatch(std::uint64_t offset, std::span<const std::byte> bytes) const {
    std::array<std::byte, 4096> expected;
    for (std::size_t done = 0; done < bytes.size();) {
      const auto piece = bytes.subspan(done, std::min(expected.size(), bytes.size() - done));
      fill(offset + done, std::span(expected).first(piece.size()));
      if (std::memcmp(piece.data(), expected.data(), piece.size()) != 0) {
        const auto wrong = std::mismatch(piece.begin(), piece.end(), expected.begin()).first;
        return done + static_cast<std::size_t>(wrong - piece.begin());
      }
      done += piece.size();
    }
    return bytes.size();
  }

 private:
  static constexpr std::size_t word_size = sizeof(std::uint64_t);
  static constexpr std::uint64_t odd = 0x9E3779B97F4A7C15;

  std::uint64_t salt_;
};

}  // namespace drawbridge::bench
