#include "ws/utf8.hpp"

#include <array>
#include <cstring>

namespace drawbridge::ws {
namespace {

struct Lead {
  std::uint8_t following = 0;  // continuation bytes; 0: cannot begin a code point of several bytes
  std::uint8_t low = 0x80;     // range of the first of them
  std::uint8_t high = 0xBF;
};

// RFC 3629 §4: the narrower ranges exclude overlong forms, surrogates and what lies beyond U+10FFFF.
constexpr Lead lead(unsigned byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {1, 0x80, 0xBF};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {2, 0x80, 0xBF};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {3, 0x80, 0xBF};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {};
}

constexpr std::array leads = [] {
  std::array<Lead, 256> table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) table[byte] = lead(byte);
  return table;
}();

const std::uint8_t* skip_ascii(const std::uint8_t* at, const std::uint8_t* end) {
  constexpr std::uint64_t high_bits = 0x8080808080808080;
  for (; end - at >= 16; at += 16) {
    std::uint64_t words[2];
    std::memcpy(words, at, sizeof words);
    if (((words[0] | words[1]) & high_bits) != 0) break;
  }
  while (at != end && *at < 0x80) ++at;
  return at;
}

}  // namespace

std::size_t Utf8::accept(std::span<const std::uint8_t> bytes) {
  if (!valid_) return 0;
  const std::uint8_t* at = bytes.data();
  const std::uint8_t* const end = at + bytes.size();
  Utf8 state = *this;  // a copy, as stores through `this` could alias the bytes
  while (at != end) {
    const std::uint8_t byte = *at;
    if (state.missing_ == 0) {
      if (byte < 0x80) {
        at = skip_ascii(at, end);
        continue;
      }
      const Lead& first = leads[byte];
      if (first.following == 0) {
        state.valid_ = false;
        break;
      }
      state.missing_ = first.following;
      state.low_ = first.low;
      state.high_ = first.high;
      state.seen_ = 1;
    } else {
      if (byte < state.low_ || byte > state.high_) {
        state.valid_ = false;
        break;
      }
      state.low_ = 0x80;
      state.high_ = 0xBF;
      --state.missing_;
      state.seen_ = state.missing_ == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(state.seen_ + 1);
    }
    ++at;
  }
  *this = state;
  return static_cast<std::size_t>(at - bytes.data());
}

}  // namespace drawbridge::ws
