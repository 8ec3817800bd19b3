#pragma once

#include "net/forward_gate.hpp"
#include "net/forward_reply.hpp"
#include "net/forward_request.hpp"
#include "net/loop.hpp"
#include "net/resolver.hpp"
#include "net/task.hpp"

#include <memory>

namespace drawbridge::net {

// Asks the gate's authentication service about a request: one GET on a connection of its own, answered within
// `timeout`, or not at all if the same was asked lately. Redirects are not followed, and bodies not read. `client`:
// whose share of `concurrency` it takes.
Task<ForwardAnswer> ask_forward(Loop& loop, Resolver& resolver, std::shared_ptr<ForwardGate> gate,
                                ForwardQuestion question, std::optional<client::Address> client);

}  // namespace drawbridge::net
