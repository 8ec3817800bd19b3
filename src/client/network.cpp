#include "client/network.hpp"

#include <algorithm>
#include <charconv>

namespace drawbridge::client {
namespace {

constexpr unsigned v4_prefix = 96;

Address cut(Address address, unsigned bits) {
  for (unsigned byte = 0; byte < address.bytes.size(); ++byte) {
    const unsigned kept = std::min(bits - std::min(bits, byte * 8), 8U);
    address.bytes[byte] &= static_cast<std::uint8_t>(0xFF00U >> kept);
  }
  return address;
}

}  // namespace

bool Network::contains(const Address& address) const {
  return address.is_v4() == base.is_v4() && cut(address, bits) == base;
}

std::string Network::text() const {
  const unsigned written = base.is_v4() && bits >= v4_prefix ? bits - v4_prefix : bits;
  return client::text(base) + "/" + std::to_string(written);
}

std::optional<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto base = parse_address(text.substr(0, slash));
  if (!base) return std::nullopt;
  const unsigned before = base->is_v4() ? v4_prefix : 0;
  unsigned bits = 128 - before;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const char* const last = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), last, bits);
    const bool padded = digits.size() > 1 && digits.front() == '0';
    if (error != std::errc{} || end != last || padded || bits > 128 - before) return std::nullopt;
  }
  const Network network{*base, before + bits};
  if (!network.contains(*base)) return std::nullopt;
  return network;
}

bool Peers::contains(const std::optional<Address>& peer) const {
  if (!peer) return unix_sockets;
  return std::any_of(networks.begin(), networks.end(), [&](const Network& network) { return network.contains(*peer); });
}

}  // namespace drawbridge::client
