#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "config/config.hpp"
#include "net/deadlines.hpp"
#include "net/descriptor.hpp"
#include "net/resolver.hpp"
#include "net/task.hpp"

namespace drawbridge::net {

// A connected, non-blocking socket to the backend; every address of its name is tried before `deadline`.
// backend_refused, backend_unresolved or backend_timeout; full if this process lacks a descriptor, memory or a local
// port for it.
Task<Result<Descriptor>> dial(asio::io_context& context, Deadlines& deadlines, Resolver& resolver,
                              config::Backend backend, Instant deadline);

}  // namespace drawbridge::net
