#pragma once

#include "auth/key_set.hpp"
#include "auth/principal.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace drawbridge::auth {

// JSON Web Tokens (RFC 7519) that are signed (RFC 7515, compact), as RFC 8725 advises to take them. Constant once made,
// and safe to use from several threads.
class JwtVerifier {
 public:
  static constexpr std::size_t longest_token = 8 * 1024;  // bytes

  // `key_bytes` is what the file of keys held, or the set itself. Null with `why` for keys that are not to be used
  // (KeySet), unknown algorithms, and requirements without values.
  static std::unique_ptr<JwtVerifier> make(const config::JwtAuth& config, std::string_view key_bytes, std::string& why);

  // Whom a token names, if it is signed by one of the keys with an allowed algorithm, and its claims hold
  // (judge_claims). Cheap checks come first, but what the claims are worth is told only of a token whose signature is
  // good: a forged one is always credential_invalid. Keys come from the configuration alone, whatever the header offers
  // (jwk, jku, x5c, x5u). Refused as credential_invalid besides: headers with crit, b64 or zip, nested tokens, and a
  // `typ` other than JWT and at+jwt. `why` is for the log, and says nothing that the token holds.
  Result<Principal> check(std::string_view token, UnixSeconds now, std::string& why) const;

 private:
  JwtVerifier(config::JwtAuth config, AlgorithmSet allowed, KeySet keys);

  config::JwtAuth config_;  // without the keys
  AlgorithmSet allowed_;
  KeySet keys_;
};

}  // namespace drawbridge::auth
