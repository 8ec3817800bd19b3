#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>

namespace drawbridge::auth {

enum class KeyType : std::uint8_t { rsa, ec, secret };
enum class Curve : std::uint8_t { none, p256, p384, p521 };

// A signature algorithm of RFC 7518 §3. Each is for one type of key, elliptic ones for one curve.
struct Algorithm {
  std::string_view name;
  KeyType key;
  Curve curve;
  std::size_t hash;  // bytes
};

// All that tokens can be signed with here; `none` is no algorithm.
inline constexpr std::array<Algorithm, 12> algorithms{{
    {"RS256", KeyType::rsa, Curve::none, 32},
    {"RS384", KeyType::rsa, Curve::none, 48},
    {"RS512", KeyType::rsa, Curve::none, 64},
    {"PS256", KeyType::rsa, Curve::none, 32},
    {"PS384", KeyType::rsa, Curve::none, 48},
    {"PS512", KeyType::rsa, Curve::none, 64},
    {"ES256", KeyType::ec, Curve::p256, 32},
    {"ES384", KeyType::ec, Curve::p384, 48},
    {"ES512", KeyType::ec, Curve::p521, 64},
    {"HS256", KeyType::secret, Curve::none, 32},
    {"HS384", KeyType::secret, Curve::none, 48},
    {"HS512", KeyType::secret, Curve::none, 64},
}};

// By their places in `algorithms`.
using AlgorithmSet = std::bitset<algorithms.size()>;

// Its place in `algorithms`. Names are case-sensitive (RFC 7515 §4.1.1).
std::optional<std::size_t> find_algorithm(std::string_view name);

// Those that a key of this type, and on this curve, can serve.
AlgorithmSet algorithms_of(KeyType type, Curve curve);

}  // namespace drawbridge::auth
