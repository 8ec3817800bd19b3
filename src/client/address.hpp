#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::client {

// An IP address as 16 bytes: IPv4 as ::ffff:a.b.c.d, so that an IPv4-mapped address is the same client.
struct Address {
  std::array<std::uint8_t, 16> bytes{};

  bool is_v4() const;
  bool operator==(const Address&) const = default;
};

// "192.0.2.1" or "2001:db8::1", without brackets, port or zone.
std::optional<Address> parse_address(std::string_view text);
// In canonical form (RFC 5952).
std::string text(const Address& address);

}  // namespace drawbridge::client
