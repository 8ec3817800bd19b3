#pragma once

#include "config/config.hpp"

#include <optional>

namespace drawbridge::policy {

// Whether a client may come, by its address alone. One without an address, on a Unix socket, was let in by the mode of
// the socket's file.
bool may_come(const config::Access& access, const std::optional<client::Address>& client);

}  // namespace drawbridge::policy
