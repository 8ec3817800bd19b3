#include "net/client_address.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <netinet/in.h>
#include <sys/un.h>

namespace drawbridge::net {
namespace {

// All but the first bytes of it as zeros, and how much that is.
std::string prefix_text(client::Address address) {
  const bool v4 = address.is_v4();
  std::fill(address.bytes.begin() + (v4 ? 15 : 6), address.bytes.end(), std::uint8_t{0});
  return client::text(address) + (v4 ? "/24" : "/48");
}

}  // namespace

std::optional<client::Address> client_address(const sockaddr_storage& peer) {
  client::Address address;
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

std::string client_text(const std::optional<client::Address>& client, config::LogClient how) {
  if (how == config::LogClient::none) return "-";
  if (!client) return "unix";
  return how == config::LogClient::full ? client::text(*client) : prefix_text(*client);
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
  const std::string host = client::text(*address);
  return (v4 ? host : "[" + host + "]") + ":" + std::to_string(ntohs(port));
}

}  // namespace drawbridge::net
