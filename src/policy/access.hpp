#pragma once

#include "config/config.hpp"

#include <optional>

namespace drawbridge::policy {

// Whether a client may come, by its address alone. One without an address, on a Unix socket, was let in by the mode of
// the socket's file.

// What each of the two rules says, whether it is enforced or not.
bool is_denied(const config::Access& access, const std::optional<client::Address>& client);       // `deny` lists it
bool is_not_allowed(const config::Access& access, const std::optional<client::Address>& client);  // `allow` does not

// Nothing that is enforced stands against it.
bool may_come(const config::Access& access, const std::optional<client::Address>& client);

}  // namespace drawbridge::policy
