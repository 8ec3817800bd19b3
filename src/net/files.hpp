#pragma once

#include "net/opening_state.hpp"
#include "ws/upgrade.hpp"

namespace drawbridge::net {

// A plain request, where the listener or some route has files.
bool may_be_for_file(const Opening& opening, const ws::Request& request);

// Answers it. True: another request has begun to come on the connection (RFC 9112 §9.3), and nothing of this one is
// left.
Task<bool> answer_file_request(Opening& opening, const ws::Request& request);

}  // namespace drawbridge::net
