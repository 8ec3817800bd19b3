#pragma once

#include "net/opening_state.hpp"
#include "ws/upgrade.hpp"

namespace drawbridge::net {

// The listener or some route has files.
bool may_have_files(const Opening& opening);

// Answers a request for one (ws::asks_for_file). False: the connection is of no more use.
Task<bool> answer_file_request(Opening& opening, const ws::Request& request);

// Waits for the first bytes of another request on the connection (RFC 9112 §9.3). False: none came, and it is over.
Task<bool> another_request(Opening& opening);

}  // namespace drawbridge::net
