#pragma once

#include "net/opening_state.hpp"
#include "ws/upgrade.hpp"

#include <optional>

namespace drawbridge::net {

// Who the client is, where the peer speaks for somebody else.

// Reads the PROXY header with which every connection of its listener begins, and no byte more. False: it was refused.
Task<bool> read_proxy_header(Opening& opening);

// Takes a trusted proxy's word from the request. bad_request if what it says is malformed.
std::optional<Reason> take_forwarded(Opening& opening, const ws::Request& request);

}  // namespace drawbridge::net
