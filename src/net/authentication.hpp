#pragma once

#include "net/opening_state.hpp"
#include "ws/upgrade.hpp"

namespace drawbridge::net {

// Whom the credentials of an admitted request name: fills asked.principal where its route asks for any. Otherwise the
// reason why not, and the rule and detail of what it asked; or nothing, and a line in the log, where `auth` is not
// enforced. Each entry of the route's `auth` is tried, the cheapest first, until one admits; if none does, the answer
// is that of the one that came furthest.
Task<std::optional<Reason>> authenticate(Opening& opening, const ws::Request& request);

}  // namespace drawbridge::net
