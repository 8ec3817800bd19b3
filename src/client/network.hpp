#pragma once

#include "client/address.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::client {

// A block of addresses (CIDR) of one family: ::/0 holds no IPv4 address. An IPv4 block counts its bits from the 96th of
// its mapped form.
struct Network {
  Address base;       // no bit is set behind the prefix
  unsigned bits = 0;  // of 128

  bool contains(const Address& address) const;
  std::string text() const;  // "10.0.0.0/8", "2001:db8::/32"
  bool operator==(const Network&) const = default;
};

// "10.0.0.0/8", "2001:db8::/32", or one address. Empty if it is neither, or if bits behind the prefix are set.
std::optional<Network> parse_network(std::string_view text);

// Some peers: by address, and those on Unix sockets, which have none.
struct Peers {
  std::vector<Network> networks;
  bool unix_sockets = false;

  bool contains(const std::optional<Address>& peer) const;
};

}  // namespace drawbridge::client
