#include "ws/origin.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>

namespace drawbridge::ws {
namespace {

// RFC 1035 §2.3.4, as text without the last dot.
constexpr std::size_t longest_host = 253;
constexpr std::size_t longest_label = 63;

bool is_ipv4(const std::string& host) {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

// A browser takes such a host for an IPv4 address, in whatever notation ("0x7f.1" is 127.0.0.1).
bool ends_in_number(std::string_view last_label) {
  if (std::all_of(last_label.begin(), last_label.end(), is_digit)) return true;
  return last_label.starts_with("0x") && std::all_of(last_label.begin() + 2, last_label.end(), is_hex);
}

std::optional<std::string> canonical_ipv6(std::string_view text) {
  // inet_pton stops at a NUL; zone ids and IPvFuture have no meaning here.
  const auto allowed = [](char c) { return is_hex(c) || c == ':' || c == '.'; };
  if (!std::all_of(text.begin(), text.end(), allowed)) return std::nullopt;
  in6_addr address{};
  if (inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1) return std::nullopt;
  char canonical[INET6_ADDRSTRLEN];
  if (inet_ntop(AF_INET6, &address, canonical, sizeof canonical) == nullptr) return std::nullopt;
  return canonical;
}

std::optional<std::string> canonical_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.size() > longest_host) return std::nullopt;
  const std::string host = to_lower(text);
  const auto labels = split(host, '.');
  for (const std::string_view label : labels) {
    const auto allowed = [](char c) { return is_alnum(c) || c == '-' || c == '_'; };
    if (label.empty() || label.size() > longest_label) return std::nullopt;
    if (!std::all_of(label.begin(), label.end(), allowed)) return std::nullopt;
  }
  if (ends_in_number(labels.back()) && !is_ipv4(host)) return std::nullopt;
  return host;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || text.size() > 5) return std::nullopt;
  return port;
}

bool is_scheme(std::string_view text) {
  const auto allowed = [](char c) { return is_alnum(c) || c == '+' || c == '-' || c == '.'; };
  return !text.empty() && is_alpha(text.front()) && std::all_of(text.begin(), text.end(), allowed);
}

std::optional<std::uint16_t> default_port(std::string_view scheme) {
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "https" || scheme == "wss") return 443;
  return std::nullopt;
}

bool is_address(const std::string& host) {
  return host.find(':') != std::string::npos || is_ipv4(host);
}

}  // namespace

Result<Authority> parse_authority(std::string_view text) {
  std::optional<std::string> host;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return Reason::bad_request;
    host = canonical_ipv6(text.substr(1, end - 1));
    rest = text.substr(end + 1);
  } else {
    const auto end = std::min(text.find(':'), text.size());
    host = canonical_name(text.substr(0, end));
    rest = text.substr(end);
  }
  if (!host) return Reason::bad_request;
  if (rest.empty()) return Authority{*std::move(host), std::nullopt};
  const auto port = rest.front() == ':' ? parse_port(rest.substr(1)) : std::nullopt;
  if (!port) return Reason::bad_request;
  return Authority{*std::move(host), port};
}

Result<Origin> parse_origin(std::string_view text) {
  if (text == "null") return Origin{};
  const auto end = text.find("://");
  if (end == std::string_view::npos || !is_scheme(text.substr(0, end))) return Reason::bad_request;
  auto authority = parse_authority(text.substr(end + 3));
  if (!authority) return authority.error();
  Origin origin{to_lower(text.substr(0, end)), std::move(authority->host), authority->port};
  if (!origin.port) origin.port = default_port(origin.scheme);
  return origin;
}

Result<OriginPattern> parse_origin_pattern(std::string_view text) {
  if (text == "*") return OriginPattern{OriginPattern::Kind::any, {}};
  constexpr std::string_view wildcard = "://*.";
  const auto star = text.find(wildcard);
  if (star == std::string_view::npos) {
    auto origin = parse_origin(text);
    if (!origin) return origin.error();
    return OriginPattern{OriginPattern::Kind::exact, *std::move(origin)};
  }
  auto parent =
      parse_origin(std::string(text.substr(0, star)) + "://" + std::string(text.substr(star + wildcard.size())));
  if (!parent) return parent.error();
  if (is_address(parent->host)) return Reason::bad_request;
  return OriginPattern{OriginPattern::Kind::subdomains, *std::move(parent)};
}

std::string OriginPattern::text() const {
  if (kind == Kind::any) return "*";
  if (origin.is_null()) return "null";
  const bool bracketed = origin.host.find(':') != std::string::npos;
  std::string out = origin.scheme + "://";
  if (kind == Kind::subdomains) out += "*.";
  out += bracketed ? "[" + origin.host + "]" : origin.host;
  if (origin.port != default_port(origin.scheme)) out += ":" + std::to_string(*origin.port);
  return out;
}

bool matches(const OriginPattern& pattern, const Origin& origin) {
  switch (pattern.kind) {
    case OriginPattern::Kind::any: return !origin.is_null();
    case OriginPattern::Kind::exact: return pattern.origin == origin;
    case OriginPattern::Kind::subdomains: break;
  }
  return origin.scheme == pattern.origin.scheme && origin.port == pattern.origin.port &&
         origin.host.ends_with("." + pattern.origin.host);
}

}  // namespace drawbridge::ws
