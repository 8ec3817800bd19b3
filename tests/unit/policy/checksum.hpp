#pragma once

#include <array>
#include <cstdio>
#include <string>

#include <openssl/sha.h>

namespace drawbridge::policy {

// `lines` with the line that a quota file ends in.
inline std::string with_checksum(const std::string& lines) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(lines.data()), lines.size(), digest.data());
  std::string text = lines + "sha256 ";
  for (const unsigned char byte : digest) {
    std::array<char, 3> hex{};
    std::snprintf(hex.data(), hex.size(), "%02x", byte);
    text += hex.data();
  }
  return text + "\n";
}

}  // namespace drawbridge::policy
