#pragma once

#include "auth/key.hpp"

#include <optional>
#include <string>

#include <boost/json/object.hpp>

namespace drawbridge::auth {

constexpr std::size_t longest_kid = 256;  // bytes

// What a JWK (RFC 7517 §4, RFC 7518 §6) says of itself.
struct Jwk {
  std::optional<std::string> kid;
  AlgorithmSet meant;                   // for verifying, by `use`, `key_ops` and `alg`
  std::optional<KeyMaterial> material;  // absent for a type or a curve that no algorithm here is for
};

// Empty for one that is malformed or private.
std::optional<Jwk> read_jwk(const boost::json::object& object, std::string& why);

}  // namespace drawbridge::auth
