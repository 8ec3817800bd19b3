#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "config/config.hpp"
#include "net/descriptor.hpp"
#include "net/loop.hpp"
#include "net/readiness.hpp"
#include "net/resolver.hpp"
#include "net/task.hpp"

#include <memory>

namespace drawbridge::net {

// A connected, non-blocking socket to the backend, and its watch, which tells nobody yet.
struct Dialled {
  Descriptor socket;
  std::unique_ptr<Readiness> readiness;
};

// Every address of the backend's name is tried before `deadline`. backend_refused, backend_unresolved or
// backend_timeout; full if this process lacks a descriptor, memory or a local port for it.
Task<Result<Dialled>> dial(Loop& loop, Resolver& resolver, config::Backend backend, Instant deadline);

}  // namespace drawbridge::net
