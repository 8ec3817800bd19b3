#include "auth/base64.hpp"

#include "base/text.hpp"

namespace drawbridge::auth {
namespace {

// The six bits of a digit; `last_two` are those of 62 and 63.
std::optional<unsigned> value_of(char digit, std::string_view last_two) {
  if (is_upper(digit)) return static_cast<unsigned>(digit - 'A');
  if (is_lower(digit)) return static_cast<unsigned>(digit - 'a') + 26;
  if (is_digit(digit)) return static_cast<unsigned>(digit - '0') + 52;
  if (digit == last_two[0]) return 62;
  if (digit == last_two[1]) return 63;
  return std::nullopt;
}

std::optional<std::string> decode(std::string_view digits, std::string_view last_two) {
  if (digits.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(digits.size() * 3 / 4);
  unsigned held = 0;
  unsigned bits = 0;  // of `held`, not yet part of a byte
  for (const char digit : digits) {
    const auto value = value_of(digit, last_two);
    if (!value) return std::nullopt;
    held = held << 6 | *value;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(held >> bits));
    held &= (1U << bits) - 1;
  }
  if (held != 0) return std::nullopt;
  return bytes;
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  return decode(text, "+/");
}

std::optional<std::string> decode_base64url(std::string_view text) {
  return decode(text, "-_");
}

}  // namespace drawbridge::auth
