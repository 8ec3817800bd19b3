#pragma once

#include "load/failure.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include <openssl/evp.h>

namespace drawbridge::bench {

// SHA-256 of a stream.
class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) throw Failure("SHA-256");
  }

  void update(std::span<const std::byte> bytes) {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) throw Failure("SHA-256");
  }

  std::string finish() {
    std::array<unsigned char, 32> digest;
    if (EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) != 1) throw Failure("SHA-256");
    std::string hex;
    for (const unsigned byte : digest) {
      hex += "0123456789abcdef"[byte >> 4];
      hex += "0123456789abcdef"[byte & 15];
    }
    return hex;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace drawbridge::bench
