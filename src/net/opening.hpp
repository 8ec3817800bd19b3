#pragma once

#include "net/worker.hpp"

namespace drawbridge::net {

// The story of a connection until it is a session or refused: TLS handshake, request head, admission, dial, 101.
Task<> open_session(Worker& worker, Worker::Load load, Accepted accepted);

}  // namespace drawbridge::net
