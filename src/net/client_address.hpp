#pragma once

#include "client/address.hpp"
#include "config/config.hpp"

#include <optional>
#include <string>

#include <sys/socket.h>

namespace drawbridge::net {

// The peer of an accepted connection; empty for a Unix socket.
std::optional<client::Address> client_address(const sockaddr_storage& peer);

// As the log shows it: whole; cut to its /24 or /48; "-" for none; "unix" for a peer without an address.
std::string client_text(const std::optional<client::Address>& client, config::LogClient how);

// "127.0.0.1:8443", "[::1]:8443" or "unix:/path", as the socket is bound.
std::string local_address_text(int fd);

}  // namespace drawbridge::net
