// Credentials in a request: what is found, encoded again, is what was sent, and it stood there once.
//
// Input: the query, a line end, the offered subprotocols between commas, a line end, and then a field a line.

#include "auth/credential.hpp"
#include "base/text.hpp"
#include "finding.hpp"
#include "support/base64.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace drawbridge;
using namespace drawbridge::auth;
using fuzz::require;
using Kind = config::CredentialPlace::Kind;

constexpr std::string_view prefix = "base64url.bearer.authorization.drawbridge.";

std::vector<std::string_view> values(const ws::Request& request, std::string_view name) {
  std::vector<std::string_view> found;
  for (const ws::Field& field : request.fields) {
    if (equal_ignoring_case(field.name, name)) found.push_back(field.value);
  }
  return found;
}

std::string without_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool encoded = text[i] == '%';
    out.push_back(encoded ? static_cast<char>(std::stoul(std::string(text.substr(i + 1, 2)), nullptr, 16)) : text[i]);
    if (encoded) i += 2;
  }
  return out;
}

// That the only Authorization field is the scheme, spaces, and this.
void check_authorization(const ws::Request& request, std::string_view scheme, const std::string& rest) {
  const auto fields = values(request, "authorization");
  require(fields.size() == 1, "found in one of several Authorization fields");
  const std::string_view value = fields.front();
  require(value.ends_with(rest) && equal_ignoring_case(value.substr(0, scheme.size()), scheme), "another: ", value);
  const auto between = value.substr(scheme.size(), value.size() - scheme.size() - rest.size());
  require(!between.empty() && between.find_first_not_of(' ') == std::string_view::npos, "another: ", value);
}

// That one name=value among all of these says it; `decode` gives both their meaning.
template <class Decode>
void check_named(std::string_view all, char separator, std::string_view name, const std::string& token, Decode decode) {
  std::size_t count = 0;
  for (const std::string_view part : split(all, separator)) {
    const auto equals = std::min(part.find('='), part.size());
    if (equals == part.size() && separator == ';') continue;
    if (decode(part.substr(0, equals)) != name) continue;
    ++count;
    std::string value = equals == part.size() ? "" : decode(part.substr(equals + 1));
    if (separator == ';' && value == '"' + token + '"') value = token;
    require(value == token, "found ", token, " in ", part);
  }
  require(count == 1, "found ", token, " where ", count, " parts have its name");
}

void check_bearer(const config::CredentialPlace& place, const ws::Request& request, const ws::Upgrade& upgrade,
                  const std::string& token) {
  require(!token.empty() && token.size() <= longest_bearer, "a token of ", token.size(), " bytes");
  require(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=") ==
              std::string::npos,
          "no token: ", token);
  if (place.kind == Kind::authorization) check_authorization(request, "Bearer", token);
  if (place.kind == Kind::query) check_named(upgrade.target.query, '&', place.name, token, without_percent);
  if (place.kind == Kind::cookie) {
    std::string all;
    for (const std::string_view value : values(request, "cookie")) all += std::string(value) + ";";
    check_named(all, ';', place.name, token, [](std::string_view text) { return std::string(trim(text)); });
  }
  if (place.kind == Kind::subprotocol) {
    std::vector<std::string> sent = upgrade.subprotocols;
    std::erase_if(sent, [](const std::string& entry) { return !entry.starts_with(prefix); });
    require(sent.size() == 1 && sent.front() == std::string(prefix) + testing::base64url(token), "found ", token);
  }
}

void check_basic(const ws::Request& request) {
  const auto found = find_basic(request);
  if (!found) return;
  require(!found->user.empty() && found->user.size() <= longest_user, "a user of ", found->user.size(), " bytes");
  require(found->user.find(':') == std::string::npos, "a colon in ", found->user);
  require(found->password.size() <= longest_password, "a password of ", found->password.size(), " bytes");
  const std::string both = found->user + ":" + found->password;
  require(std::none_of(both.begin(), both.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; }),
          "a control byte");
  check_authorization(request, "Basic", testing::base64(both));
}

void check_removal(ws::Upgrade upgrade) {
  std::vector<std::string> kept;
  for (const std::string& entry : upgrade.subprotocols) {
    if (!entry.starts_with(prefix)) kept.push_back(entry);
  }
  const bool some = kept.size() < upgrade.subprotocols.size();
  require(remove_credentials(upgrade) == (some && kept.empty()), "what else was offered is told wrongly");
  require(upgrade.subprotocols == kept, "a subprotocol too many or too few");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 32 << 10) return 0;
  const std::string input(data, data + size);
  const auto lines = split(input, '\n');
  ws::Request request;
  ws::Upgrade upgrade;
  // Whatever comes from a request was parsed.
  if (const auto target = ws::parse_target("/?" + std::string(lines[0]))) upgrade.target = *target;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto colon = std::min(lines[i].find(':'), lines[i].size());
    const std::string_view value = lines[i].substr(std::min(colon + 1, lines[i].size()));
    if (i > 1) request.fields.push_back({lines[i].substr(0, colon), trim(value)});
  }
  for (const std::string_view entry : lines.size() > 1 ? split(lines[1], ',') : std::vector<std::string_view>()) {
    if (is_token(entry)) upgrade.subprotocols.emplace_back(entry);
  }

  check_basic(request);
  const std::array<config::CredentialPlace, 4> places{
      {{Kind::cookie, "s"}, {Kind::authorization, ""}, {Kind::query, "t"}, {Kind::subprotocol, ""}}};
  Result<std::string> first = Reason::credential_missing;
  for (const config::CredentialPlace& place : places) {
    const auto found = find_bearer(request, upgrade, std::span(&place, 1));
    if (found) check_bearer(place, request, upgrade, *found);
    if (!first && first.error() == Reason::credential_missing) first = found;
  }
  require(find_bearer(request, upgrade, places) == first, "the first place does not decide");
  check_removal(upgrade);
  return 0;
}
