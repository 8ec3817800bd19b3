#pragma once

#include "auth/algorithm.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <cjose/jwk.h>

namespace drawbridge::auth {

// What a key is made of. Numbers are unsigned, most significant byte first.
struct RsaNumbers {
  std::string modulus;
  std::string exponent;
};
struct EcPoint {
  Curve curve = Curve::none;
  std::string x;
  std::string y;
};
struct SharedSecret {
  std::string bytes;
};
using KeyMaterial = std::variant<RsaNumbers, EcPoint, SharedSecret>;

AlgorithmSet algorithms_of(const KeyMaterial& material);

// A key that verifies signatures of some algorithms, all of which are for its type and curve: a public key can never be
// taken for a secret. Constant once made, and safe to use from several threads: cjose only reads a key to verify with
// it, and OpenSSL guards what it caches in one.
class Key {
 public:
  // `serves` is not empty, and within algorithms_of(material). RSA takes 2048 to 8192 bits, a secret at least the size
  // of the longest hash that it serves (RFC 7518 §3.2), and at most 1024 bytes.
  static std::optional<Key> make(const KeyMaterial& material, AlgorithmSet serves, std::string& why);

  bool serves(std::size_t algorithm) const { return serves_[algorithm]; }

  // True if the token was signed with this key's other half by the algorithm, which its header names and this key
  // serves. `token` is a compact JWS: three parts of valid base64url, the last of which holds `signature_size` bytes.
  bool signed_token(std::size_t algorithm, std::string_view token, std::size_t signature_size) const;

 private:
  struct Release {
    void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
  };

  Key(cjose_jwk_t* key, AlgorithmSet serves) : key_(key), serves_(serves) {}
  std::size_t signature_size(std::size_t algorithm) const;

  std::unique_ptr<cjose_jwk_t, Release> key_;
  AlgorithmSet serves_;
};

}  // namespace drawbridge::auth
