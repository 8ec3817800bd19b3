// Any bytes as the keys of a route: what is taken holds a key for an allowed algorithm and for no other, and public
// bytes never become a secret.
//
// Input: the kind of keys (1 byte), the algorithms that are allowed (2 bytes, a bit each), then the keys.

#include "auth/jwt.hpp"
#include "base/text.hpp"
#include "finding.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace drawbridge::auth {
namespace {

using fuzz::require;
using Keys = config::JwtAuth::Keys;

// {"alg":"HS256"} and {"sub":"a","exp":1800000000}
constexpr std::string_view signing_input = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIiwiZXhwIjoxODAwMDAwMDAwfQ";

// The token with that MAC by `secret`; the last of base64's digits holds four bits only.
std::string token_by(std::string_view secret) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(signing_input.data()), signing_input.size(), mac.data(), nullptr);
  std::array<unsigned char, 48> text{};
  const int length = EVP_EncodeBlock(text.data(), mac.data(), 32);
  std::string signature(text.begin(), text.begin() + length);
  for (char& c : signature) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return std::string(signing_input) + "." + signature.substr(0, signature.find('='));
}

void check_set(const KeySet& set, AlgorithmSet allowed) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    const auto keys = set.candidates(i, {});
    require(keys.empty() || allowed[i], "not kept: a key only for what is allowed");
    require(keys.size() <= KeySet::most_tried, "not kept: few keys for a token");
    for (const Key* key : keys) require(!key->signed_token(i, "e30.e30.AA", 1), "not kept: no signature, no token");
    found += keys.size();
  }
  require(found > 0, "not kept: a key");
}

config::JwtAuth configuration(Keys kind, AlgorithmSet allowed) {
  config::JwtAuth config;
  config.kind = kind;
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    if (allowed[i]) config.algorithms.emplace_back(algorithms[i].name);
  }
  return config;
}

void check(Keys kind, AlgorithmSet allowed, std::string_view bytes) {
  std::string why;
  std::string again;
  const auto set = KeySet::make(kind, bytes, allowed, why);
  require(set.has_value() == KeySet::make(kind, bytes, allowed, again).has_value() && why == again,
          "not kept: the same again");
  if (!set) {
    require(!why.empty() && is_utf8(why), "not kept: a reason");
    return;
  }
  check_set(*set, allowed);
  const auto verifier = JwtVerifier::make(configuration(kind, allowed), bytes, why);
  require(verifier != nullptr, "not kept: a verifier for good keys: ", why);
  const bool secret = kind == Keys::secret_file && allowed[find_algorithm("HS256").value()];
  const bool line_end = bytes.ends_with('\n');
  const bool admitted = verifier->check(token_by(bytes), 1'700'000'000, why).has_value();
  require(admitted == (secret && !line_end), "not kept: only a secret signs with its bytes");
  if (secret && line_end) {
    bytes.remove_suffix(1);
    require(verifier->check(token_by(bytes), 1'700'000'000, why).has_value(),
            "not kept: a line end is none of the secret");
  }
}

}  // namespace
}  // namespace drawbridge::auth

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drawbridge::auth;
  if (size < 3) return 0;
  constexpr std::array kinds = {Keys::jwks, Keys::pem_file, Keys::secret_file};
  const AlgorithmSet allowed(static_cast<unsigned>(data[1]) | static_cast<unsigned>(data[2]) << 8);
  check(kinds[data[0] % kinds.size()], allowed, std::string(data + 3, data + size));
  return 0;
}
