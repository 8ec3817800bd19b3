#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace drawbridge::ws {

// A streaming UTF-8 validator (RFC 3629): any split of the same bytes gives the same verdict, and a byte that cannot
// begin or go on with a code point is refused as soon as it is seen.
class Utf8 {
 public:
  // How many bytes stand before the first one that makes the text invalid: all of them while it is valid, none later.
  std::size_t accept(std::span<const std::uint8_t> bytes);
  // False at the first byte that makes the text invalid; then it stays invalid.
  bool feed(std::span<const std::uint8_t> bytes) { return accept(bytes) == bytes.size() && valid_; }

  bool valid() const { return valid_; }
  // True between code points.
  bool complete() const { return valid_ && missing_ == 0; }
  // How many bytes of an unfinished code point end what was fed: 0..3.
  std::size_t unfinished() const { return seen_; }
  void reset() { *this = Utf8{}; }
  // The text ends here though a code point is unfinished.
  void invalidate() { valid_ = false; }

 private:
  std::uint8_t missing_ = 0;  // continuation bytes until the code point is whole
  std::uint8_t seen_ = 0;     // bytes of it so far
  std::uint8_t low_ = 0;      // what the next continuation byte may be
  std::uint8_t high_ = 0;
  bool valid_ = true;
};

}  // namespace drawbridge::ws
