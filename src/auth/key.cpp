#include "auth/key.hpp"

#include <algorithm>
#include <vector>

#include <cjose/header.h>
#include <cjose/jws.h>
#include <fmt/format.h>
#include <openssl/err.h>

namespace drawbridge::auth {
namespace {

constexpr std::size_t least_rsa_bits = 2048;
constexpr std::size_t most_rsa_bits = 8192;
constexpr std::size_t longest_exponent = 8;  // bytes; a longer one only makes verifying slow
constexpr std::size_t longest_secret = 1024;

struct ReleaseJws {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};

using Bytes = std::vector<std::uint8_t>;

Bytes bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

std::string_view without_leading_zeros(std::string_view number) {
  return number.substr(std::min(number.find_first_not_of('\0'), number.size()));
}

std::size_t bits(std::string_view number) {
  if (number.empty()) return 0;
  std::size_t count = (number.size() - 1) * 8;
  for (unsigned first = static_cast<unsigned char>(number[0]); first != 0; first >>= 1) ++count;
  return count;
}

bool odd(std::string_view number) {
  return !number.empty() && (static_cast<unsigned char>(number.back()) & 1U) != 0;
}

cjose_jwk_ec_curve cjose_curve(Curve curve) {
  switch (curve) {
    case Curve::p256: return CJOSE_JWK_EC_P_256;
    case Curve::p384: return CJOSE_JWK_EC_P_384;
    case Curve::p521: return CJOSE_JWK_EC_P_521;
    case Curve::none: break;
  }
  return CJOSE_JWK_EC_INVALID;
}

cjose_jwk_t* create(const RsaNumbers& numbers, AlgorithmSet /*serves*/, std::string& why) {
  const std::string_view modulus = without_leading_zeros(numbers.modulus);
  const std::string_view exponent = without_leading_zeros(numbers.exponent);
  if (bits(modulus) < least_rsa_bits || bits(modulus) > most_rsa_bits) {
    why = fmt::format("it is an RSA key of {} bits, and {} to {} are taken", bits(modulus), least_rsa_bits,
                      most_rsa_bits);
    return nullptr;
  }
  if (!odd(modulus) || !odd(exponent) || bits(exponent) < 2 || exponent.size() > longest_exponent) {
    why = "its modulus or exponent is none of an RSA key";
    return nullptr;
  }
  Bytes n = bytes_of(modulus);
  Bytes e = bytes_of(exponent);
  cjose_jwk_rsa_keyspec spec{};
  spec.n = n.data();
  spec.nlen = n.size();
  spec.e = e.data();
  spec.elen = e.size();
  return cjose_jwk_create_RSA_spec(&spec, nullptr);
}

// OpenSSL refuses a point that is not on the curve.
cjose_jwk_t* create(const EcPoint& point, AlgorithmSet /*serves*/, std::string& why) {
  Bytes x = bytes_of(point.x);
  Bytes y = bytes_of(point.y);
  cjose_jwk_ec_keyspec spec{};
  spec.crv = cjose_curve(point.curve);
  spec.x = x.data();
  spec.xlen = x.size();
  spec.y = y.data();
  spec.ylen = y.size();
  cjose_jwk_t* key = cjose_jwk_create_EC_spec(&spec, nullptr);
  if (key == nullptr) why = "its point is not on its curve";
  return key;
}

cjose_jwk_t* create(const SharedSecret& secret, AlgorithmSet serves, std::string& why) {
  std::size_t least = 0;
  std::string_view longest;
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    if (!serves[i] || algorithms[i].hash <= least) continue;
    least = algorithms[i].hash;
    longest = algorithms[i].name;
  }
  const std::size_t size = secret.bytes.size();
  if (size < least) {
    why = fmt::format("it is a secret of {} bytes, and {} needs {}", size, longest, least);
    return nullptr;
  }
  if (size > longest_secret) {
    why = fmt::format("it is a secret of {} bytes, and at most {} are taken", size, longest_secret);
    return nullptr;
  }
  const Bytes bytes = bytes_of(secret.bytes);
  return cjose_jwk_create_oct_spec(bytes.data(), bytes.size(), nullptr);
}

std::size_t field_bytes(Curve curve) {
  switch (curve) {
    case Curve::p256: return 32;
    case Curve::p384: return 48;
    case Curve::p521: return 66;
    case Curve::none: break;
  }
  return 0;
}

}  // namespace

AlgorithmSet algorithms_of(const KeyMaterial& material) {
  if (std::holds_alternative<RsaNumbers>(material)) return algorithms_of(KeyType::rsa, Curve::none);
  if (const auto* point = std::get_if<EcPoint>(&material)) return algorithms_of(KeyType::ec, point->curve);
  return algorithms_of(KeyType::secret, Curve::none);
}

std::optional<Key> Key::make(const KeyMaterial& material, AlgorithmSet serves, std::string& why) {
  why = "it is no valid key";
  cjose_jwk_t* key = std::visit([&](const auto& parts) { return create(parts, serves, why); }, material);
  ERR_clear_error();
  if (key == nullptr) return {};
  why.clear();
  return Key(key, serves);
}

// RFC 7518 §3.2 to §3.5. cjose takes elliptic signatures of other lengths, and pads short RSA ones.
std::size_t Key::signature_size(std::size_t algorithm) const {
  const Algorithm& used = algorithms[algorithm];
  switch (used.key) {
    case KeyType::rsa: return cjose_jwk_get_keysize(key_.get(), nullptr) / 8;
    case KeyType::ec: return 2 * field_bytes(used.curve);
    case KeyType::secret: return used.hash;
  }
  return 0;
}

bool Key::signed_token(std::size_t algorithm, std::string_view token, std::size_t signature_size) const {
  if (!serves(algorithm) || signature_size != this->signature_size(algorithm)) return false;
  const std::unique_ptr<cjose_jws_t, ReleaseJws> jws(cjose_jws_import(token.data(), token.size(), nullptr));
  if (!jws) return false;
  // cjose reads the header by itself, and verifies by the algorithm that it finds there.
  const char* named = cjose_header_get(cjose_jws_get_protected(jws.get()), CJOSE_HDR_ALG, nullptr);
  const bool good =
      named != nullptr && named == algorithms[algorithm].name && cjose_jws_verify(jws.get(), key_.get(), nullptr);
  ERR_clear_error();
  return good;
}

}  // namespace drawbridge::auth
