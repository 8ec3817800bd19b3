#include "auth/base64url.hpp"

#include "base/text.hpp"

#include <cstdint>

namespace drawbridge::auth {
namespace {

std::optional<std::uint32_t> six_bits(char c) {
  if (is_upper(c)) return static_cast<std::uint32_t>(c - 'A');
  if (is_lower(c)) return static_cast<std::uint32_t>(c - 'a' + 26);
  if (is_digit(c)) return static_cast<std::uint32_t>(c - '0' + 52);
  if (c == '-') return 62;
  if (c == '_') return 63;
  return {};
}

}  // namespace

std::optional<std::string> decode_base64url(std::string_view text) {
  if (text.size() % 4 == 1) return {};
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t held = 0;
  unsigned bits = 0;  // of `held` that are not given out yet
  for (const char c : text) {
    const auto value = six_bits(c);
    if (!value) return {};
    held = (held << 6) | *value;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(held >> bits & 0xFF);
    held &= (1U << bits) - 1;
  }
  if (held != 0) return {};
  return bytes;
}

}  // namespace drawbridge::auth
