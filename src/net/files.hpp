#pragma once

#include "net/opening_state.hpp"
#include "ws/upgrade.hpp"

namespace drawbridge::net {

// The listener or some route has files.
bool may_have_files(const Opening& opening);

// Answers a request for one (ws::asks_for_file). True: another request has begun to come on the connection (RFC 9112
// §9.3), and nothing of this one is left.
Task<bool> answer_file_request(Opening& opening, const ws::Request& request);

}  // namespace drawbridge::net
