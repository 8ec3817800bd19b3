#pragma once

#include "config/config.hpp"

#include <optional>

namespace drawbridge::policy {

enum class Access : std::uint8_t { granted, denied, not_allowed };  // by `deny`; by an `allow` that names others

// Whether a client may come, by its address alone. One without an address, on a Unix socket, was let in by the mode of
// the socket's file.
Access access_of(const config::Access& access, const std::optional<client::Address>& client);

}  // namespace drawbridge::policy
