#include "auth/key_set.hpp"

#include "auth/json.hpp"
#include "auth/jwk.hpp"
#include "auth/pem.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace drawbridge::auth {
namespace {

namespace json = boost::json;
using Keys = config::JwtAuth::Keys;

KeyType type_of(const KeyMaterial& material) {
  if (std::holds_alternative<RsaNumbers>(material)) return KeyType::rsa;
  return std::holds_alternative<EcPoint>(material) ? KeyType::ec : KeyType::secret;
}

// The list of a JWK Set; a lone JWK is none.
std::optional<json::array> keys_of(std::string_view document, std::string& why) {
  auto set = parse_json_object(document, why);
  if (!set) return {};
  json::value* keys = set->if_contains("keys");
  if (keys == nullptr || !keys->is_array()) {
    why = "it has no list of keys, as a JWK Set (RFC 7517) must";
    return {};
  }
  if (keys->get_array().size() > KeySet::most_keys) {
    why = fmt::format("it holds more than {} keys", KeySet::most_keys);
    return {};
  }
  return std::move(keys->get_array());
}

std::string of_key(std::size_t index, std::string_view why) {
  return fmt::format("of its key {}: {}", index + 1, why);
}

}  // namespace

bool KeySet::add(const KeyMaterial& material, AlgorithmSet allowed, std::optional<std::string> kid, std::string& why) {
  const AlgorithmSet serves = algorithms_of(material) & allowed;
  if (serves.none()) return true;
  const KeyType type = type_of(material);
  const bool twice = kid && std::any_of(entries_.begin(), entries_.end(),
                                        [&](const Entry& other) { return other.kid == kid && other.type == type; });
  if (twice) {
    why = "another of its type has the same kid";
    return false;
  }
  auto key = Key::make(material, serves, why);
  if (!key) return false;
  named_ = named_ || kid;
  entries_.push_back({std::move(*key), type, std::move(kid)});
  return true;
}

std::optional<KeySet> KeySet::from_jwks(std::string_view document, AlgorithmSet allowed, std::string& why) {
  const auto list = keys_of(document, why);
  if (!list) return {};
  KeySet set;
  for (std::size_t i = 0; i < list->size(); ++i) {
    std::string reason = "it is no object";
    const auto* object = (*list)[i].if_object();
    auto jwk = object != nullptr ? read_jwk(*object, reason) : std::nullopt;
    const bool good = jwk && (!jwk->material || set.add(*jwk->material, jwk->meant & allowed, jwk->kid, reason));
    if (!good) {
      why = of_key(i, reason);
      return {};
    }
  }
  return set;
}

std::optional<KeySet> KeySet::from_pem(std::string_view text, AlgorithmSet allowed, std::string& why) {
  const auto list = read_pem(text, most_keys, why);
  if (!list) return {};
  KeySet set;
  for (std::size_t i = 0; i < list->size(); ++i) {
    std::string reason;
    if ((*list)[i] && !set.add(*(*list)[i], allowed, {}, reason)) {
      why = of_key(i, reason);
      return {};
    }
  }
  return set;
}

std::optional<KeySet> KeySet::from_secret(std::string_view bytes, AlgorithmSet allowed, std::string& why) {
  if (bytes.ends_with('\n')) bytes.remove_suffix(1);
  // Everybody knows a public key; as a secret it would let everybody in.
  if (bytes.find("-----BEGIN ") != std::string_view::npos) {
    why = "it is PEM, which is no secret";
    return {};
  }
  KeySet set;
  if (!set.add(SharedSecret{std::string(bytes)}, allowed, {}, why)) return {};
  return set;
}

std::optional<KeySet> KeySet::make(Keys kind, std::string_view bytes, AlgorithmSet allowed, std::string& why) {
  if (bytes.size() > most_bytes) {
    why = fmt::format("it is larger than {} KiB", most_bytes / 1024);
    return {};
  }
  auto set = kind == Keys::secret_file ? from_secret(bytes, allowed, why)
             : kind == Keys::pem_file  ? from_pem(bytes, allowed, why)
                                       : from_jwks(bytes, allowed, why);
  if (set && set->entries_.empty()) {
    why = "it holds no key for an algorithm that is allowed";
    return {};
  }
  return set;
}

std::vector<const Key*> KeySet::candidates(std::size_t algorithm, const std::optional<std::string>& kid) const {
  std::vector<const Key*> found;
  for (const Entry& entry : entries_) {
    if (!entry.key.serves(algorithm) || (named_ && kid && entry.kid != kid)) continue;
    found.push_back(&entry.key);
    if (found.size() == most_tried) break;
  }
  return found;
}

}  // namespace drawbridge::auth
