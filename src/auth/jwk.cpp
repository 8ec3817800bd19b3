#include "auth/jwk.hpp"

#include "auth/base64.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace drawbridge::auth {
namespace {

namespace json = boost::json;

// The text of a member that may be absent. False if it is there and no text.
bool read_text(const json::object& object, std::string_view name, std::optional<std::string>& text, std::string& why) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return true;
  if (!value->is_string()) {
    why = fmt::format("its {} is no text", name);
    return false;
  }
  text.emplace(value->get_string());
  return true;
}

std::optional<std::string> read_bytes(const json::object& object, std::string_view name, std::string& why) {
  std::optional<std::string> text;
  if (!read_text(object, name, text, why)) return {};
  auto bytes = text ? decode_base64url(*text) : std::nullopt;
  if (!bytes || bytes->empty()) {
    why = fmt::format("its {} is missing or no base64url", name);
    return {};
  }
  return bytes;
}

// Without `key_ops` anything is allowed.
bool may_verify(const json::value* key_ops) {
  if (key_ops == nullptr) return true;
  const auto* list = key_ops->if_array();
  return list != nullptr && std::any_of(list->begin(), list->end(), [](const json::value& operation) {
           return operation.is_string() && operation.get_string() == "verify";
         });
}

std::optional<AlgorithmSet> meant_for(const json::object& object, std::string& why) {
  std::optional<std::string> use;
  std::optional<std::string> name;
  if (!read_text(object, "use", use, why) || !read_text(object, "alg", name, why)) return {};
  AlgorithmSet meant;
  if (use.value_or("sig") != "sig" || !may_verify(object.if_contains("key_ops"))) return meant;
  if (!name) return ~meant;
  if (const auto algorithm = find_algorithm(*name)) meant.set(*algorithm);
  return meant;
}

Curve curve_named(std::string_view name) {
  if (name == "P-256") return Curve::p256;
  if (name == "P-384") return Curve::p384;
  if (name == "P-521") return Curve::p521;
  return Curve::none;
}

// False if a part is missing or malformed.
bool read_material(const json::object& object, std::string_view type, Jwk& jwk, std::string& why) {
  if (type == "RSA") {
    auto modulus = read_bytes(object, "n", why);
    auto exponent = modulus ? read_bytes(object, "e", why) : std::nullopt;
    if (exponent) jwk.material = RsaNumbers{std::move(*modulus), std::move(*exponent)};
    return exponent.has_value();
  }
  if (type == "EC") {
    std::optional<std::string> curve;
    if (!read_text(object, "crv", curve, why)) return false;
    if (curve_named(curve.value_or("")) == Curve::none) return true;
    auto x = read_bytes(object, "x", why);
    auto y = x ? read_bytes(object, "y", why) : std::nullopt;
    if (y) jwk.material = EcPoint{curve_named(*curve), std::move(*x), std::move(*y)};
    return y.has_value();
  }
  if (type == "oct") {
    auto secret = read_bytes(object, "k", why);
    if (secret) jwk.material = SharedSecret{std::move(*secret)};
    return secret.has_value();
  }
  return true;
}

}  // namespace

std::optional<Jwk> read_jwk(const json::object& object, std::string& why) {
  std::optional<std::string> type;
  if (!read_text(object, "kty", type, why)) return {};
  if (!type) {
    why = "its kty is missing";
    return {};
  }
  if (*type != "oct" && object.contains("d")) {
    why = "it is a private key: export the public one, and give that";
    return {};
  }
  Jwk jwk;
  if (!read_text(object, "kid", jwk.kid, why)) return {};
  if (jwk.kid && jwk.kid->size() > longest_kid) {
    why = fmt::format("its kid is longer than {} bytes", longest_kid);
    return {};
  }
  const auto meant = meant_for(object, why);
  if (!meant) return {};
  jwk.meant = *meant;
  // Keys for others are not looked at closer.
  if (jwk.meant.any() && !read_material(object, *type, jwk, why)) return {};
  return jwk;
}

}  // namespace drawbridge::auth
