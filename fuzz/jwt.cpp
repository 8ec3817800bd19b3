// No token is admitted but those that a key's owner signed, whatever stands in them; and what is admitted is as its
// header promises. The verifiers' keys are fixed: the public ones are of private keys that nobody has any more, and of
// their owners' tokens there are the three below. The secret is known here.
//
// Input: 'T' and a token; or 'S', a header, a record separator (0x1E) and claims, which are signed here with the
// secret.

#include "auth/jwt.hpp"

#include "base/text.hpp"
#include "finding.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace drawbridge::auth {
namespace {

namespace json = boost::json;
using fuzz::require;

constexpr UnixSeconds now = 1'700'000'000;
constexpr std::string_view secret = "a secret of sixty-four bytes, which is what HS512 asks for: 123456";
constexpr std::string_view keys =
    R"({"keys": [{"kty": "RSA", "n": "ovUzOQ82KYuIrK5js3e8WttsHdKGOrx51ibcbvCq51qKasPdI0nSXAEBkZINIfms66Eheea3YEsuh)"
    R"(snxk2X7INh29oXyA0Cg42p3Sfp-c_LtOLQJNiNFtCCwSfLSXIQAfmtOOmqZWQ-ksGI0xZG-sOKbNXF1jNzceD6f-bORADaoCqI-8hinzG0OW)"
    R"(d3ABwFAkQO3Lsb5X-WPjk5gGCIOcYJSgPhQnoK2lyadYGuXvkNqjB-V9Yle1VR2cV8UE_Q19QX5k7cY0EPFp3p8wFhl4qbI4fAhJbsbzdqIH)"
    R"(9J47GZTjWa4yKk6xcTWre1lIZxT4XVDMMT7fxbr9fxwsGdWgQ", "e": "AQAB", "kid": "rsa"}, {"kty": "EC", "crv": "P-256")"
    R"(, "x": "aWnpwQ4VnQtzsMV8q_fgoLaYH4C0mAR6jcN5VeZwqIc", "y": "z7aBgU5iYo5UvGD9vSsgPesMHZeXy1Gq3ttaMdr5WDA", "k)"
    R"(id": "p256"}, {"kty": "oct", "k": "YSBzZWNyZXQgb2Ygc2l4dHktZm91ciBieXRlcywgd2hpY2ggaXMgd2hhdCBIUzUxMiBhc2tzI)"
    R"(GZvcjogMTIzNDU2", "kid": "hmac"}]})";
constexpr std::array<std::string_view, 3> signed_elsewhere = {
    R"(eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImlzcyI6Imh0dHBzOi8vaWQuZXhhbXBsZSI)"
    R"(sImF1ZCI6ImJyaWRnZSIsImV4cCI6MTcwMDAwMDYwMCwianRpIjoidC0xIiwic2NvcGUiOiJyZWFkIGRlc2s6NyIsInJlYWxtX2FjY2VzcyI)"
    R"(6eyJyb2xlcyI6WyJkZXNrIl19fQ.DZs2b-Uso2gCncKU7V6rdu2633SrZRWb3Uic1dBJ2r3KT4DIcQucGL4Xuz8taZtJqQiHNAk-ur_R0lJi)"
    R"(VDfZmO_TDaPj3xSc8OjTl80y0lcn8kkKcNUsdb5DDMdy_6IpccjRyCR9Gkbd-KZpRQwizdzM-9oMnfQx2umvxhD8mpapjnT4Jn7yklVrm4St)"
    R"(SPNBDFIt9KEM4RjqNFmm1pUVx_vcORy-K05Iu0BNFU_4z0IzY1FlJu9GKTlpsUoNcU88awtk1LGQpzAD9BCSEpRoFLwiF9wDbdu1-MaqYoMM)"
    R"(bddk9N6tBMVUt3uWUVr2LpNyxiigSA3GfIXyeTdTRCx2EA)",
    R"(eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImlzcyI6Imh0dHBzOi8vaWQuZXhhbXBsZSI)"
    R"(sImF1ZCI6ImJyaWRnZSIsImV4cCI6MTcwMDAwMDYwMCwianRpIjoidC0xIiwic2NvcGUiOiJyZWFkIGRlc2s6NyIsInJlYWxtX2FjY2VzcyI)"
    R"(6eyJyb2xlcyI6WyJkZXNrIl19fQ.B4FkE-_32cNFqeJLLx6Dbh8a1I58yZs5kdQTNx6CEOvL8ikH8mTm-fC4vDvJ14Vzmjvln9uvNf33vHaK)"
    R"(IPtnnsAYBO7H5l8BpWEnst9CFQ2utjf1HP40twNJ_f2kGZbX79GX0xfskh9bsFToMALHlUw8Yb5B6WvmW0UFVavtncPqCvVQMLJE7udiCYZZ)"
    R"(yqyJjjFf6cy7uW9RlUG6XvO_WqFLo456fDjj840pati_rfXmC0YSYVoaXirq4C6JL8vqq9T_-4bWghrqXVnY3lKcFh1Kvu7kH9XDZeJ0X68Q)"
    R"(YVrqmV2UooAo5PHrwZpbjtJ6E_B31GB-vmiRxE5PRI0OFg)",
    R"(eyJhbGciOiJFUzI1NiIsImtpZCI6InAyNTYiLCJ0eXAiOiJKV1QifQ.eyJzdWIiOiJhbGljZSIsImlzcyI6Imh0dHBzOi8vaWQuZXhhbXBsZ)"
    R"(SIsImF1ZCI6ImJyaWRnZSIsImV4cCI6MTcwMDAwMDYwMCwianRpIjoidC0xIiwic2NvcGUiOiJyZWFkIGRlc2s6NyIsInJlYWxtX2FjY2Vzc)"
    R"(yI6eyJyb2xlcyI6WyJkZXNrIl19fQ.3DIepvUyWarGE-P3GgopttKOJRC2ETrofyVdTzjd-CwZt3PVXJIrYjGb3cT5st3sLcVpmwAkk5hkRP)"
    R"(63MNhD9A)"};

std::unique_ptr<JwtVerifier> verifier(bool strict) {
  config::JwtAuth config;
  config.kind = config::JwtAuth::Keys::jwks;
  config.algorithms = {"RS256", "PS256", "ES256", "HS256", "HS384", "HS512"};
  if (strict) {
    config.issuers = {"https://id.example"};
    config.audiences = {"bridge"};
    config.require = {{"scope", {"desk:"}, true, {}}, {"realm_access.roles", {"desk", "7", "1.5", "true"}, false, {}}};
  }
  std::string why;
  auto made = JwtVerifier::make(config, keys, why);
  require(made != nullptr, "the fixed keys are refused: ", why);
  return made;
}

std::string base64url(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  unsigned held = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    held = (held << 8 | static_cast<unsigned char>(c)) & 0xFFFF;
    for (bits += 8; bits >= 6; bits -= 6) text += digits[held >> (bits - 6) & 63];
  }
  if (bits > 0) text += digits[held << (6 - bits) & 63];
  return text;
}

std::string mac(std::string_view text, const EVP_MD* hash) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  HMAC(hash, secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), out.data(), &size);
  return base64url({reinterpret_cast<const char*>(out.data()), size});
}

bool signed_by_an_owner(std::string_view token) {
  if (std::find(signed_elsewhere.begin(), signed_elsewhere.end(), token) != signed_elsewhere.end()) return true;
  const auto dot = token.rfind('.');
  const std::string_view input = token.substr(0, dot);
  const std::string_view signature = token.substr(dot + 1);
  return signature == mac(input, EVP_sha256()) || signature == mac(input, EVP_sha384()) ||
         signature == mac(input, EVP_sha512());
}

std::string told(const Result<Principal>& result) {
  if (!result) return std::string(word(result.error()));
  return result->identity + "/" + result->token_id + "/" + std::to_string(result->expires.value());
}

bool name_for_logs(std::string_view name) {
  return name.size() <= 256 && is_utf8(name) &&
         std::none_of(name.begin(), name.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; });
}

Result<Principal> check_one(const JwtVerifier& verifier, std::string_view token) {
  std::string why;
  std::string again;
  const auto result = verifier.check(token, now, why);
  require(told(result) == told(verifier.check(token, now, again)) && why == again, "not kept: the same again");
  require(why.empty() == result.has_value(), "not kept: a reason for the log: ", why);
  if (result) {
    require(signed_by_an_owner(token), "admitted without a signature: ", token);
    require(!result->identity.empty() && name_for_logs(result->identity), "not kept: a name");
    require(name_for_logs(result->token_id), "not kept: a token's name");
    require(result->expires.value() > now, "not kept: time left");
  } else {
    require(result.error() == Reason::credential_invalid || signed_by_an_owner(token), "told of a forged token: ", why);
  }
  return result;
}

Result<Principal> check_both(std::string_view token) {
  static const auto strict = verifier(true);
  static const auto lenient = verifier(false);
  const auto first = check_one(*strict, token);
  const auto second = check_one(*lenient, token);
  require(!first || told(first) == told(second), "not kept: whoever is strict admits less");
  return second;
}

// An admitted token read by a parser that is not ours.
void check_admitted(std::string_view header_text, std::string_view claims_text) {
  const json::object header = json::parse(header_text).as_object();
  const json::object claims = json::parse(claims_text).as_object();
  require(header.at("alg").as_string() == "HS256", "not kept: the algorithm");
  require(!header.contains("kid") || header.at("kid").as_string() == "hmac", "not kept: the key");
  for (const std::string_view name : {"crit", "b64", "zip"}) require(!header.contains(name), "not kept: no ", name);
  require(claims.at("exp").to_number<double>() > static_cast<double>(now - 30), "not kept: exp");
  require(claims.contains("sub"), "not kept: sub");
}

void check_signed(std::string_view header, std::string_view claims) {
  const std::string input = base64url(header) + "." + base64url(claims);
  const std::string signature = mac(input, EVP_sha256());
  if (check_both(input + "." + signature)) check_admitted(header, claims);
  std::string forged = signature;
  forged[0] = forged[0] == 'A' ? 'B' : 'A';
  const auto result = check_both(input + "." + forged);
  require(!result && result.error() == Reason::credential_invalid,
          "not kept: a forged token is invalid, whatever it says");
}

}  // namespace
}  // namespace drawbridge::auth

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drawbridge::auth;
  if (size == 0) return 0;
  const std::string input(data + 1, data + size);
  if (data[0] != 'S') {
    check_both(input);
    return 0;
  }
  const auto cut = std::min(input.find('\x1E'), input.size());
  check_signed(input.substr(0, cut), cut < input.size() ? input.substr(cut + 1) : std::string());
  return 0;
}
