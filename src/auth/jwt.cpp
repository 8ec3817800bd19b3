#include "auth/jwt.hpp"

#include "auth/base64.hpp"
#include "auth/claims.hpp"
#include "auth/json.hpp"
#include "auth/jwk.hpp"
#include "base/text.hpp"

#include <algorithm>

#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace drawbridge::auth {
namespace {

namespace json = boost::json;

// The decoded parts of a compact JWS (RFC 7515 §7.1).
struct Parts {
  std::string header;
  std::string claims;
  std::string signature;
};

std::optional<Parts> take_apart(std::string_view token, std::string& why) {
  if (token.size() > JwtVerifier::longest_token) {
    why = fmt::format("it is longer than {} bytes", JwtVerifier::longest_token);
    return {};
  }
  const auto dots = std::count(token.begin(), token.end(), '.');
  if (dots != 2) {
    why = dots == 4 ? "it is encrypted (JWE), not signed" : "it has not three parts";
    return {};
  }
  const auto parts = split(token, '.');
  auto header = decode_base64url(parts[0]);
  auto claims = decode_base64url(parts[1]);
  auto signature = decode_base64url(parts[2]);
  if (!header || !claims || !signature) {
    why = "its parts are no base64url";
    return {};
  }
  return Parts{std::move(*header), std::move(*claims), std::move(*signature)};
}

struct Header {
  std::size_t algorithm = 0;
  std::optional<std::string> kid;
};

// Null if it is absent or no text.
const json::string* text_of(const json::object& header, std::string_view name) {
  const json::value* value = header.if_contains(name);
  return value != nullptr ? value->if_string() : nullptr;
}

// A media type, of which "application/" may be left out (RFC 7515 §4.1.9).
bool is_type(const json::string& text, std::string_view type) {
  std::string_view name(text.data(), text.size());
  constexpr std::string_view application = "application/";
  if (equal_ignoring_case(name.substr(0, application.size()), application)) name.remove_prefix(application.size());
  return equal_ignoring_case(name, type);
}

// What in the header gives the token a meaning that is not known here; empty if nothing does.
std::string_view not_understood(const json::object& header) {
  if (header.contains("crit")) return "its header holds crit, which is not taken";
  if (header.contains("b64")) return "its header holds b64, which is not taken";
  if (header.contains("zip")) return "its header holds zip, which is not taken";
  const json::string* content = text_of(header, "cty");
  if (header.contains("cty") && (content == nullptr || is_type(*content, "JWT"))) return "it holds another token";
  const json::string* type = text_of(header, "typ");
  if (header.contains("typ") && (type == nullptr || !(is_type(*type, "JWT") || is_type(*type, "at+jwt")))) {
    return "its typ is neither JWT nor at+jwt: it is meant for something else";
  }
  return {};
}

std::optional<Header> read_header(std::string_view text, AlgorithmSet allowed, std::string& why) {
  const auto object = parse_json_object(text, why);
  if (!object) return {};
  const json::string* name = text_of(*object, "alg");
  const auto algorithm = name != nullptr ? find_algorithm({name->data(), name->size()}) : std::nullopt;
  if (!algorithm || !allowed[*algorithm]) {
    why = "its alg is none of the allowed algorithms";
    return {};
  }
  if (const auto unknown = not_understood(*object); !unknown.empty()) {
    why = unknown;
    return {};
  }
  Header header{*algorithm, {}};
  if (object->contains("kid")) {
    const json::string* kid = text_of(*object, "kid");
    if (kid == nullptr || kid->size() > longest_kid) {
      why = fmt::format("its kid is no text of at most {} bytes", longest_kid);
      return {};
    }
    header.kid.emplace(kid->data(), kid->size());
  }
  return header;
}

std::optional<AlgorithmSet> read_algorithms(const std::vector<std::string>& names, std::string& why) {
  AlgorithmSet set;
  for (const std::string& name : names) {
    const auto algorithm = find_algorithm(name);
    if (!algorithm) {
      why = fmt::format("there is no algorithm {}", name);
      return {};
    }
    set.set(*algorithm);
  }
  return set;
}

}  // namespace

JwtVerifier::JwtVerifier(config::JwtAuth config, AlgorithmSet allowed, KeySet keys)
    : config_(std::move(config)), allowed_(allowed), keys_(std::move(keys)) {
  config_.keys.clear();
}

std::unique_ptr<JwtVerifier> JwtVerifier::make(const config::JwtAuth& config, std::string_view key_bytes,
                                               std::string& why) {
  const auto allowed = read_algorithms(config.algorithms, why);
  if (!allowed) return nullptr;
  for (const config::Requirement& requirement : config.require) {
    if (!requirement.values.empty()) continue;
    why = fmt::format("nothing is required of the claim {}", requirement.claim);
    return nullptr;
  }
  auto keys = KeySet::make(config.kind, key_bytes, *allowed, why);
  if (!keys) return nullptr;
  why.clear();
  return std::unique_ptr<JwtVerifier>(new JwtVerifier(config, *allowed, std::move(*keys)));
}

Result<Principal> JwtVerifier::check(std::string_view token, UnixSeconds now, std::string& why) const {
  why.clear();
  const auto parts = take_apart(token, why);
  if (!parts) return Reason::credential_invalid;
  const auto header = read_header(parts->header, allowed_, why);
  if (!header) return Reason::credential_invalid;
  const auto keys = keys_.candidates(header->algorithm, header->kid);
  if (keys.empty()) {
    why = "its kid and alg are of no key of the route";
    return Reason::credential_invalid;
  }
  const auto claims = parse_json_object(parts->claims, why);
  if (!claims) return Reason::credential_invalid;
  auto judged = judge_claims(*claims, config_, now, why);
  // The others may be told only if the signature is good, but this one says nothing.
  if (judged.has_error() && judged.error() == Reason::credential_invalid) return judged;
  const bool is_signed = std::any_of(keys.begin(), keys.end(), [&](const Key* key) {
    return key->signed_token(header->algorithm, token, parts->signature.size());
  });
  if (is_signed) return judged;
  why = "its signature is by no key of the route";
  return Reason::credential_invalid;
}

}  // namespace drawbridge::auth
