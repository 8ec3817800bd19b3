#include "client/address.hpp"

#include <algorithm>

#include <arpa/inet.h>

namespace drawbridge::client {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

bool Address::is_v4() const {
  return std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
}

std::optional<Address> parse_address(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::copy(text.begin(), text.end(), terminated.begin());
  Address address;
  if (::inet_pton(AF_INET6, terminated.data(), address.bytes.data()) == 1) return address;
  std::copy(mapped_prefix.begin(), mapped_prefix.end(), address.bytes.begin());
  if (::inet_pton(AF_INET, terminated.data(), address.bytes.data() + mapped_prefix.size()) == 1) return address;
  return std::nullopt;
}

std::string text(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (address.is_v4()) {
    ::inet_ntop(AF_INET, address.bytes.data() + mapped_prefix.size(), out.data(), out.size());
  } else {
    ::inet_ntop(AF_INET6, address.bytes.data(), out.data(), out.size());
  }
  return out.data();
}

}  // namespace drawbridge::client
