#pragma once

#include "client/address.hpp"
#include "policy/seeded_hash.hpp"

#include <cstddef>
#include <cstdint>

namespace drawbridge::policy {

using client::Address;

// Whom tables remember: a client, which is an IPv4 address or an IPv6 /64, or the /48 that an IPv6 client is part of.
struct ClientKey {
  enum class Kind : std::uint8_t { v4, v6_64, v6_48, overflow };
  Kind kind = Kind::overflow;
  std::uint64_t prefix = 0;  // the address' leading bits

  // Limits of a /48, in those of a client.
  static constexpr std::uint64_t network_scale = 8;
  std::uint64_t scale() const { return kind == Kind::v6_48 ? network_scale : 1; }
  bool operator==(const ClientKey&) const = default;
};

ClientKey client_key(const Address& address);
ClientKey network_key(const Address& address);

class ClientKeyHash {
 public:
  std::uint64_t mixed(const ClientKey& key) const noexcept {
    return hash_(key.prefix, static_cast<std::uint64_t>(key.kind));
  }
  std::size_t operator()(const ClientKey& key) const noexcept { return static_cast<std::size_t>(mixed(key)); }
  // Of `shards`, a power of two, the one for a key. By other bits than those that choose a chain in it.
  std::size_t shard(const ClientKey& key, std::size_t shards) const noexcept { return mixed(key) >> 48 & (shards - 1); }

 private:
  SeededHash hash_;
};

// How many shards a table of `clients` is divided into: a power of two. Where they held few clients each, the division
// would be left to chance.
std::size_t shards_for(std::size_t clients);

}  // namespace drawbridge::policy
