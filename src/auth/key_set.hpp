#pragma once

#include "auth/key.hpp"
#include "config/config.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::auth {

// The keys that a route's tokens may be signed with; at least one.
class KeySet {
 public:
  static constexpr std::size_t most_keys = 64;
  static constexpr std::size_t most_bytes = 256 * 1024;
  static constexpr std::size_t most_tried = 4;  // keys for one token: each try is paid for by us, not by who sent it

  // `bytes` is a JWK Set (RFC 7517 §5), a PEM text, or a secret, one line end behind which does not belong to it.
  // Left out are keys that are not for verifying with one of `allowed`: another `use` or `alg`, no `verify` in
  // `key_ops`, another type. Refused: private keys, weak or broken ones, two of the same type with the same `kid`, and
  // sets from which nothing is left.
  static std::optional<KeySet> make(config::JwtAuth::Keys kind, std::string_view bytes, AlgorithmSet allowed,
                                    std::string& why);

  // Those that may have signed a token with this algorithm and `kid`, at most `most_tried`. A set without any `kid`,
  // such as PEM, is asked by the algorithm alone.
  std::vector<const Key*> candidates(std::size_t algorithm, const std::optional<std::string>& kid) const;

 private:
  struct Entry {
    Key key;
    KeyType type;
    std::optional<std::string> kid;
  };

  static std::optional<KeySet> from_jwks(std::string_view document, AlgorithmSet allowed, std::string& why);
  static std::optional<KeySet> from_pem(std::string_view text, AlgorithmSet allowed, std::string& why);
  static std::optional<KeySet> from_secret(std::string_view bytes, AlgorithmSet allowed, std::string& why);
  bool add(const KeyMaterial& material, AlgorithmSet allowed, std::optional<std::string> kid, std::string& why);

  std::vector<Entry> entries_;
  bool named_ = false;  // one has a `kid`
};

}  // namespace drawbridge::auth
