#include "auth/credential.hpp"

#include "auth/base64.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace drawbridge::auth {
namespace {

constexpr std::string_view subprotocol_prefix = "base64url.bearer.authorization.drawbridge.";

// A value that may stand once: two of them would let two readers each believe another.
class Single {
 public:
  void add(std::string value) {
    ++count_;
    value_ = std::move(value);
  }
  Result<std::string> result() && {
    if (count_ > 1) return Reason::credential_invalid;
    if (value_.empty()) return Reason::credential_missing;
    return std::move(value_);
  }

 private:
  std::size_t count_ = 0;
  std::string value_;
};

// b64token of RFC 6750 §2.1, which is token68 of RFC 9110 §11.2.
bool is_token68(std::string_view text) {
  const std::string_view digits = text.substr(0, text.find_last_not_of('=') + 1);
  constexpr std::string_view marks = "-._~+/";
  return !digits.empty() && std::all_of(digits.begin(), digits.end(),
                                        [&](char c) { return is_alnum(c) || marks.find(c) != std::string_view::npos; });
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

// What stands behind the scheme in the only Authorization field.
Result<std::string> in_authorization(const ws::Request& request, std::string_view scheme) {
  std::optional<std::string_view> value;
  for (const ws::Field& field : request.fields) {
    if (!equal_ignoring_case(field.name, "Authorization")) continue;
    if (value) return Reason::bad_request;
    value = field.value;
  }
  const auto end = value ? value->find(' ') : 0;
  if (!value || !equal_ignoring_case(value->substr(0, end), scheme)) return Reason::credential_missing;
  const auto begin = value->find_first_not_of(' ', end);
  if (begin == std::string_view::npos || !is_token68(value->substr(begin))) return Reason::credential_invalid;
  return std::string(value->substr(begin));
}

std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.starts_with('"') && text.ends_with('"');
  return quoted ? text.substr(1, text.size() - 2) : text;
}

Result<std::string> in_cookies(const ws::Request& request, std::string_view name) {
  Single found;
  for (const ws::Field& field : request.fields) {
    if (!equal_ignoring_case(field.name, "Cookie")) continue;
    for (const std::string_view cookie : split(field.value, ';')) {
      const auto equals = cookie.find('=');
      if (equals == std::string_view::npos || trim(cookie.substr(0, equals)) != name) continue;
      found.add(std::string(unquoted(trim(cookie.substr(equals + 1)))));
    }
  }
  return std::move(found).result();
}

// Empty for a broken percent-encoding.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string bytes;
  for (; !text.empty(); text.remove_prefix(1)) {
    if (text.front() != '%') {
      bytes.push_back(text.front());
      continue;
    }
    unsigned value = 0;
    if (text.size() < 3 || !is_hex(text[1]) || !is_hex(text[2])) return std::nullopt;
    std::from_chars(text.data() + 1, text.data() + 3, value, 16);
    bytes.push_back(static_cast<char>(value));
    text.remove_prefix(2);
  }
  return bytes;
}

Result<std::string> in_query(std::string_view query, std::string_view name) {
  Single found;
  for (const std::string_view parameter : split(query, '&')) {
    const auto equals = std::min(parameter.find('='), parameter.size());
    const auto called = percent_decoded(parameter.substr(0, equals));
    if (!called) return Reason::credential_invalid;
    if (*called != name) continue;
    auto value = percent_decoded(parameter.substr(std::min(equals + 1, parameter.size())));
    if (!value) return Reason::credential_invalid;
    found.add(*std::move(value));
  }
  return std::move(found).result();
}

Result<std::string> in_subprotocols(const std::vector<std::string>& offered) {
  Single found;
  for (const std::string_view entry : offered) {
    if (!entry.starts_with(subprotocol_prefix)) continue;
    auto token = decode_base64url(entry.substr(subprotocol_prefix.size()));
    if (!token || token->empty()) return Reason::credential_invalid;
    found.add(*std::move(token));
  }
  return std::move(found).result();
}

Result<std::string> in_place(const config::CredentialPlace& place, const ws::Request& request,
                             const ws::Upgrade& upgrade) {
  using Kind = config::CredentialPlace::Kind;
  switch (place.kind) {
    case Kind::authorization: return in_authorization(request, "Bearer");
    case Kind::cookie: return in_cookies(request, place.name);
    case Kind::query: return in_query(upgrade.target.query, place.name);
    case Kind::subprotocol: return in_subprotocols(upgrade.subprotocols);
  }
  return Reason::credential_missing;
}

}  // namespace

Result<std::string> find_bearer(const ws::Request& request, const ws::Upgrade& upgrade,
                                std::span<const config::CredentialPlace> places) {
  for (const config::CredentialPlace& place : places) {
    auto found = in_place(place, request, upgrade);
    if (!found && found.error() == Reason::credential_missing) continue;
    if (found && (found->size() > longest_bearer || !is_token68(*found))) return Reason::credential_invalid;
    return found;
  }
  return Reason::credential_missing;
}

Result<BasicCredential> find_basic(const ws::Request& request) {
  const auto sent = in_authorization(request, "Basic");
  if (!sent) return sent.error();
  const auto decoded = decode_base64(*sent);
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return Reason::credential_invalid;
  BasicCredential credential{decoded->substr(0, colon), decoded->substr(colon + 1)};
  const bool good = !credential.user.empty() && credential.user.size() <= longest_user &&
                    credential.password.size() <= longest_password &&
                    std::none_of(decoded->begin(), decoded->end(), is_control);
  if (!good) return Reason::credential_invalid;
  return credential;
}

bool remove_credentials(ws::Upgrade& upgrade) {
  const auto removed = std::erase_if(upgrade.subprotocols,
                                     [](const std::string& entry) { return entry.starts_with(subprotocol_prefix); });
  return removed > 0 && upgrade.subprotocols.empty();
}

}  // namespace drawbridge::auth
