#include "net/dial.hpp"

#include "net/parked.hpp"
#include "net/socket_wait.hpp"

#include <cerrno>

#include <netinet/tcp.h>

namespace drawbridge::net {
namespace {

void set(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof(value));
}

void configure(int fd) {
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  // Urgent bytes, such as telnet's Synch, stay where they are in the stream (RFC 6093 §6), or they would be lost.
  set(fd, SOL_SOCKET, SO_OOBINLINE, 1);
  // A backend that vanished without a word is noticed after two minutes, also with nothing or with unread bytes under
  // way.
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
  set(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
  set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 120'000);  // milliseconds
}

// What a look-up on the resolver's thread and the waiting task share.
struct LookUp {
  Parked* waiting = nullptr;  // null once the task waits no more
  Resolver::Addresses addresses;
};

// In the frame of the task, which may be destroyed while it waits.
struct Waiting {
  explicit Waiting(Parked& parked) { look_up->waiting = &parked; }
  ~Waiting() { look_up->waiting = nullptr; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  const std::shared_ptr<LookUp> look_up = std::make_shared<LookUp>();
};

Task<Result<Resolver::Addresses>> resolve(Loop& loop, Resolver& resolver, const std::string& host, Instant deadline) {
  Resolver::Addresses addresses = resolver.known(host);
  if (!addresses.empty()) co_return addresses;
  Parked parked(loop.deadlines(), deadline);
  const Waiting waiting(parked);
  resolver.look_up(host, [look_up = waiting.look_up, &loop](const Resolver::Addresses& answer) {
    loop.post([look_up, answer] {
      if (look_up->waiting == nullptr) return;
      look_up->addresses = answer;
      look_up->waiting->wake();
    });
  });
  const bool answered = co_await parked.wait();
  if (!answered) co_return Reason::backend_timeout;
  Resolver::Addresses& found = waiting.look_up->addresses;
  if (found.empty()) co_return Reason::backend_unresolved;
  co_return std::move(found);
}

// Whether it is this process that lacks something, the network or the backend.
Reason reason_for(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    // Every local port to this backend is taken (connect(2)).
    case EADDRNOTAVAIL: return Reason::full;
    case ETIMEDOUT: return Reason::backend_timeout;
    default: return Reason::backend_refused;
  }
}

Task<Result<Dialled>> connect_one(Loop& loop, SocketAddress address, Instant deadline) {
  Descriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) co_return reason_for(errno);
  configure(socket.get());
  // Interrupted, it goes on all the same (connect(2)).
  const bool connected = ::connect(socket.get(), address.get(), address.size) == 0;
  if (!connected && errno != EINPROGRESS && errno != EINTR) co_return reason_for(errno);

  SocketWait wait(loop, socket.get(), deadline);
  if (!wait.watches()) co_return Reason::full;
  if (!connected) {
    if (!co_await wait.writable()) co_return Reason::backend_timeout;
    int error = 0;
    socklen_t size = sizeof(error);
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) co_return reason_for(error);
  }
  Dialled dialled{std::move(socket), wait.release()};
  co_return dialled;
}

}  // namespace

Task<Result<Dialled>> dial(Loop& loop, Resolver& resolver, config::Backend backend, Instant deadline) {
  auto addresses = co_await resolve(loop, resolver, backend.host, deadline);
  if (!addresses) co_return addresses.error();
  Reason last = Reason::backend_timeout;
  std::size_t left = addresses->size();
  for (SocketAddress& address : *addresses) {
    const Instant now = Clock::now();
    if (now >= deadline) break;
    // A fair share of the time each, so that one dead address does not use it up for all.
    const Instant share = now + (deadline - now) / static_cast<Duration::rep>(left--);
    address.set_port(backend.port);
    auto dialled = co_await connect_one(loop, address, share);
    if (dialled) co_return std::move(*dialled);
    last = dialled.error();
  }
  co_return last;
}

}  // namespace drawbridge::net
