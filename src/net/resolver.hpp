#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

namespace drawbridge::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  int family() const { return storage.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  void set_port(std::uint16_t port);
};

// Turns names into addresses off the workers, because the system's resolver blocks. Answers are kept for a while; when
// a name stops resolving, its last good answer goes on being used. Any thread may call it.
class Resolver {
 public:
  // Empty: the name does not resolve.
  using Addresses = std::vector<SocketAddress>;
  using Callback = std::function<void(const Addresses&)>;

  Resolver();
  // Callbacks that were not called by then never will be.
  ~Resolver();

  // A numeric address, or an answer that is still kept: at once. Otherwise empty, and look_up is needed.
  Addresses known(const std::string& host);
  // Calls `done` on a thread of the resolver, once; it may not call the resolver, whose lock is held. At most 1,024
  // names wait; more get an empty answer at once, on the caller's thread.
  void look_up(const std::string& host, Callback done);

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the threads, which may be stuck in the system's resolver at the end
};

}  // namespace drawbridge::net
