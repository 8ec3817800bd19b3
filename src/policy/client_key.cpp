#include "policy/client_key.hpp"

#include <algorithm>
#include <bit>

namespace drawbridge::policy {
namespace {

constexpr std::size_t most_shards = 64;
constexpr std::size_t smallest_shard = 64;  // clients

std::uint64_t big_endian(const Address& address, std::size_t from, std::size_t to) {
  std::uint64_t value = 0;
  for (std::size_t i = from; i < to; ++i) value = value << 8 | address.bytes[i];
  return value;
}

}  // namespace

ClientKey client_key(const Address& address) {
  if (address.is_v4()) return {ClientKey::Kind::v4, big_endian(address, 12, 16)};
  return {ClientKey::Kind::v6_64, big_endian(address, 0, 8)};
}

ClientKey network_key(const Address& address) {
  return {ClientKey::Kind::v6_48, big_endian(address, 0, 6)};
}

std::size_t shards_for(std::size_t clients) {
  return std::clamp(std::bit_floor(clients / smallest_shard), std::size_t{1}, most_shards);
}

}  // namespace drawbridge::policy
