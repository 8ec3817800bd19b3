#pragma once

#include <array>
#include <ctime>
#include <string>
#include <string_view>

#include <openssl/sha.h>

namespace drawbridge::testing {

inline std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  std::string hex;
  for (const unsigned char byte : digest) {
    for (const int digit : {byte >> 4, byte & 15}) hex += "0123456789abcdef"[digit];
  }
  return hex;
}

// A line of a token file: the token's hash, and what is said of it.
inline std::string token_line(std::string_view token, std::string_view rest) {
  return ("sha256:" + sha256_hex(token)).append(" ").append(rest).append("\n");
}

// RFC 3339, so many seconds from now.
inline std::string timestamp_in(int seconds) {
  const std::time_t time = std::time(nullptr) + seconds;
  std::tm calendar{};
  gmtime_r(&time, &calendar);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &calendar);
  return std::string(text.data(), size);
}

}  // namespace drawbridge::testing
