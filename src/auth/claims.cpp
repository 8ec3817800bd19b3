#include "auth/claims.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace drawbridge::auth {
namespace {

namespace json = boost::json;

constexpr double last_second = 253'402'300'799;  // of the year 9999
constexpr std::size_t longest_name = 256;        // bytes of an identity or a token's id

std::string_view view(const json::string& text) {
  return {text.data(), text.size()};
}

Reason invalid(std::string& why, std::string_view text) {
  why = text;
  return Reason::credential_invalid;
}

bool is_number(const json::value& value, std::string_view wanted) {
  double number = 0;
  const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
  return error == std::errc{} && end == wanted.data() + wanted.size() && number == value.get_double();
}

bool is(const json::value& item, std::string_view wanted, bool prefix) {
  switch (item.kind()) {
    case json::kind::string: return prefix ? view(item.get_string()).starts_with(wanted) : item.get_string() == wanted;
    case json::kind::bool_: return !prefix && wanted == (item.get_bool() ? "true" : "false");
    case json::kind::int64: return !prefix && wanted == std::to_string(item.get_int64());
    case json::kind::uint64: return !prefix && wanted == std::to_string(item.get_uint64());
    case json::kind::double_: return !prefix && is_number(item, wanted);
    default: return false;
  }
}

// True if `test` holds for one of the claim's items.
template <class Test>
bool any_item(const json::value& claim, bool words, const Test& test) {
  if (const auto* list = claim.if_array()) return std::any_of(list->begin(), list->end(), test);
  if (!words || !claim.is_string()) return test(claim);
  const auto parts = split(view(claim.get_string()), ' ');
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view word) { return !word.empty() && test(json::value(json::string(word))); });
}

bool one_of(const json::value& text, const std::vector<std::string>& wanted) {
  return text.is_string() && std::find(wanted.begin(), wanted.end(), view(text.get_string())) != wanted.end();
}

// A NumericDate (RFC 7519 §2) may be a fraction. NaN is never within.
std::optional<double> read_time(const json::value& value) {
  double time = -1;
  if (value.is_int64()) time = static_cast<double>(value.get_int64());
  if (value.is_uint64()) time = static_cast<double>(value.get_uint64());
  if (value.is_double()) time = value.get_double();
  if (time >= 0 && time <= last_second) return time;
  return {};
}

// Empty for what is good; `exp` is told in `expires`.
std::optional<Reason> judge_times(const json::object& claims, UnixSeconds leeway, UnixSeconds now, UnixSeconds& expires,
                                  std::string& why) {
  for (const std::string_view name : {"nbf", "iat"}) {
    const json::value* value = claims.if_contains(name);
    if (value == nullptr) continue;
    const auto time = read_time(*value);
    if (!time) return invalid(why, fmt::format("its {} is no time", name));
    if (*time > static_cast<double>(now + leeway)) return invalid(why, fmt::format("its {} is in the future", name));
  }
  const json::value* exp = claims.if_contains("exp");
  if (exp == nullptr) return invalid(why, "it has no exp, so it would never end");
  const auto time = read_time(*exp);
  if (!time) return invalid(why, "its exp is no time");
  expires = static_cast<UnixSeconds>(std::floor(*time)) + leeway;
  return {};
}

std::optional<Reason> judge_parties(const json::object& claims, const config::JwtAuth& config, std::string& why) {
  const json::value* issuer = claims.if_contains("iss");
  if (!config.issuers.empty() && (issuer == nullptr || !one_of(*issuer, config.issuers))) {
    return invalid(why, "its issuer is none of the route's");
  }
  const json::value* audience = claims.if_contains("aud");
  const auto ours = [&](const json::value& item) { return one_of(item, config.audiences); };
  if (!config.audiences.empty() && (audience == nullptr || !any_item(*audience, false, ours))) {
    return invalid(why, "it is for none of the route's audiences");
  }
  return {};
}

// A name that logs and tables can hold: text or a whole number, neither empty nor long, without control bytes.
std::optional<std::string> read_name(const json::value& value) {
  std::string name;
  if (value.is_string()) name = view(value.get_string());
  if (value.is_int64()) name = std::to_string(value.get_int64());
  if (value.is_uint64()) name = std::to_string(value.get_uint64());
  const bool control = std::any_of(name.begin(), name.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; });
  if (name.empty() || name.size() > longest_name || control) return {};
  return name;
}

std::optional<Reason> read_names(const json::object& claims, std::string_view identity_claim, Principal& principal,
                                 std::string& why) {
  const json::value* identity = find_claim(claims, identity_claim);
  auto name = identity != nullptr ? read_name(*identity) : std::nullopt;
  if (!name)
    return invalid(why, fmt::format("its {} is missing, or no name of at most {} bytes", identity_claim, longest_name));
  principal.identity = std::move(*name);
  const json::value* id = claims.if_contains("jti");
  if (id == nullptr) return {};
  auto text = id->is_string() ? read_name(*id) : std::nullopt;
  if (!text) return invalid(why, fmt::format("its jti is no name of at most {} bytes", longest_name));
  principal.token_id = std::move(*text);
  return {};
}

}  // namespace

const json::value* find_claim(const json::object& claims, std::string_view name) {
  if (const json::value* claim = claims.if_contains(name)) return claim;
  for (std::size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
    const json::value* outer = claims.if_contains(name.substr(0, dot));
    if (outer != nullptr && outer->is_object()) return find_claim(outer->get_object(), name.substr(dot + 1));
  }
  return nullptr;
}

bool satisfies(const json::object& claims, const config::Requirement& requirement) {
  const json::value* claim = find_claim(claims, requirement.claim);
  if (claim == nullptr) return false;
  const bool words = requirement.claim == "scope" || requirement.claim == "scp";
  return any_item(*claim, words, [&](const json::value& item) {
    return std::any_of(requirement.values.begin(), requirement.values.end(),
                       [&](const std::string& wanted) { return is(item, wanted, requirement.prefix); });
  });
}

Result<Principal> judge_claims(const json::object& claims, const config::JwtAuth& config, UnixSeconds now,
                               std::string& why) {
  const UnixSeconds leeway = std::chrono::duration_cast<std::chrono::seconds>(config.leeway).count();
  Principal principal;
  UnixSeconds expires = 0;
  if (const auto refused = judge_times(claims, leeway, now, expires, why)) return *refused;
  if (const auto refused = judge_parties(claims, config, why)) return *refused;
  if (const auto refused = read_names(claims, config.identity, principal, why)) return *refused;
  principal.expires = expires;
  if (expires <= now) {
    why = "it has expired";
    return Reason::credential_expired;
  }
  for (const config::Requirement& requirement : config.require) {
    if (satisfies(claims, requirement)) continue;
    why = fmt::format("its claim {} is not what the route requires", requirement.claim);
    return Reason::not_permitted;
  }
  return principal;
}

}  // namespace drawbridge::auth
