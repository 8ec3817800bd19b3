#pragma once

#include "config/config.hpp"
#include "net/descriptor.hpp"

#include <map>
#include <string>

namespace drawbridge::net {

// Sockets inherited from the service manager, by name.
using InheritedSockets = std::map<std::string, int>;

// A non-blocking listening socket for `bind`; an empty descriptor and why otherwise. A Unix socket's stale file is
// replaced; one that somebody listens on is not.
Descriptor listen_on(const config::Bind& bind, const InheritedSockets& inherited, std::string& why);

}  // namespace drawbridge::net
