#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::ws {

// The host and port of a Host field, a URL or an origin. `host` is lower case without a trailing dot; an IPv6 literal
// has no brackets and is in its canonical form (RFC 5952).
struct Authority {
  std::string host;
  std::optional<std::uint16_t> port;

  bool operator==(const Authority&) const = default;
};

// RFC 3986 §3.2 without userinfo: a reg-name of letters, digits, '-', '_' and '.', an IPv4 address or a bracketed IPv6
// literal, then an optional port 0..65535. bad_request otherwise.
Result<Authority> parse_authority(std::string_view text);

// An Origin header's value (RFC 6454 §7): "null", or one scheme://host[:port] with nothing behind it. Scheme and host
// are lower case; a default port (http, ws: 80; https, wss: 443) is filled in, so that equal origins compare equal.
struct Origin {
  std::string scheme;  // empty: null
  std::string host;
  std::optional<std::uint16_t> port;

  bool is_null() const { return scheme.empty(); }
  bool operator==(const Origin&) const = default;
};

Result<Origin> parse_origin(std::string_view text);

// An entry of a route's `origins`: an origin; "*"; "null"; or https://*.example.org for sub-domains at any depth.
struct OriginPattern {
  enum class Kind : std::uint8_t { exact, subdomains, any };
  Kind kind = Kind::exact;
  Origin origin;  // subdomains: host without "*."; any: unused

  std::string text() const;  // as the configuration writes it
  bool operator==(const OriginPattern&) const = default;
};

Result<OriginPattern> parse_origin_pattern(std::string_view text);

// Sub-domain patterns match neither the domain itself nor a host that merely ends in its letters. "*" matches every
// origin but null, which must be listed.
bool matches(const OriginPattern& pattern, const Origin& origin);

}  // namespace drawbridge::ws
