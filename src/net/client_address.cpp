#include "net/client_address.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace drawbridge::net {
namespace {

std::string text(const policy::Address& address, std::size_t v4_bytes, std::size_t v6_bytes) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  policy::Address kept = address;
  if (kept.is_v4()) {
    std::fill(kept.bytes.begin() + 12 + static_cast<std::ptrdiff_t>(v4_bytes), kept.bytes.end(), std::uint8_t{0});
    ::inet_ntop(AF_INET, kept.bytes.data() + 12, out.data(), out.size());
  } else {
    std::fill(kept.bytes.begin() + static_cast<std::ptrdiff_t>(v6_bytes), kept.bytes.end(), std::uint8_t{0});
    ::inet_ntop(AF_INET6, kept.bytes.data(), out.data(), out.size());
  }
  return out.data();
}

}  // namespace

std::optional<policy::Address> client_address(const sockaddr_storage& peer) {
  policy::Address address;
  if (peer.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(peer);
    address.bytes[10] = address.bytes[11] = 0xFF;
    std::memcpy(address.bytes.data() + 12, &v4.sin_addr, 4);
    return address;
  }
  if (peer.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(peer);
    std::memcpy(address.bytes.data(), &v6.sin6_addr, 16);
    return address;
  }
  return std::nullopt;
}

std::string client_text(const std::optional<policy::Address>& client, config::LogClient how) {
  if (how == config::LogClient::none) return "-";
  if (!client) return "unix";
  if (how == config::LogClient::full) return text(*client, 4, 16);
  return text(*client, 3, 6) + (client->is_v4() ? "/24" : "/48");
}

std::string local_address_text(int fd) {
  sockaddr_storage local{};
  socklen_t size = sizeof(local);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) != 0) return "unknown";
  if (local.ss_family == AF_UNIX) {
    const auto& path = reinterpret_cast<const sockaddr_un&>(local).sun_path;
    return "unix:" + std::string(path, ::strnlen(path, sizeof(path)));
  }
  const auto address = client_address(local);
  if (!address) return "unknown";
  const bool v4 = local.ss_family == AF_INET;
  const auto port = v4 ? reinterpret_cast<const sockaddr_in&>(local).sin_port
                       : reinterpret_cast<const sockaddr_in6&>(local).sin6_port;
  const std::string host = text(*address, 4, 16);
  return (v4 ? host : "[" + host + "]") + ":" + std::to_string(ntohs(port));
}

}  // namespace drawbridge::net
