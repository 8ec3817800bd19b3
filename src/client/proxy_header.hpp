#pragma once

#include "client/address.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace drawbridge::client {

// The PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt): whom a proxy speaks for, ahead of anything else
// on the connection.

// In bytes. The addresses of Unix sockets take 232; the rest is for what proxies attach, up to a client's certificate.
// nginx reads as much.
constexpr std::size_t largest_proxy_header = 4096;

struct ProxyParse {
  enum class Outcome : std::uint8_t { need_more, complete, malformed };
  Outcome outcome = Outcome::need_more;
  std::size_t size = 0;  // complete: the header's bytes, at most largest_proxy_header; what follows is not its
  std::optional<Address> source{};  // empty: LOCAL, UNKNOWN or another family; the proxy speaks for itself
  std::uint16_t source_port = 0;    // with a source

  bool operator==(const ProxyParse&) const = default;
};

// `received` is the connection's bytes from the first one on. A header is malformed as soon as a byte stands where it
// cannot, so that whoever does not speak the protocol is not waited for. Stricter than the specification has to be:
// datagrams and half-known families are malformed, and so are extensions (TLVs) that do not fill the header exactly, or
// a checksum (CRC32c) that is wrong. Behind LOCAL, UNKNOWN and AF_UNSPEC the rest is skipped unread.
ProxyParse parse_proxy_header(std::span<const std::uint8_t> received);

}  // namespace drawbridge::client
