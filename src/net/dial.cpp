#include "net/dial.hpp"

#include "net/readiness.hpp"
#include "net/wait_limit.hpp"

#include <cerrno>

#include <boost/asio/post.hpp>
#include <netinet/tcp.h>

namespace drawbridge::net {
namespace {

void set(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof(value));
}

// A backend that vanished without a word is noticed after two minutes, also with nothing or with unread bytes under
// way.
void configure(int fd) {
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
  set(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
  set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 120'000);  // milliseconds
}

// What a look-up on the resolver's thread and the waiting task share.
struct LookUp {
  LookUp(asio::io_context& context, Instant deadline) : done(context, deadline) {}
  Timer done;  // cancelled by the answer
  Resolver::Addresses addresses;
  bool answered = false;
};

Task<Result<Resolver::Addresses>> resolve(asio::io_context& context, Resolver& resolver, const std::string& host,
                                          Instant deadline) {
  Resolver::Addresses addresses = resolver.known(host);
  if (!addresses.empty()) co_return addresses;
  const auto look_up = std::make_shared<LookUp>(context, deadline);
  resolver.look_up(host, [look_up, &context](const Resolver::Addresses& answer) {
    asio::post(context, [look_up, answer] {
      look_up->addresses = answer;
      look_up->answered = true;
      look_up->done.cancel();
    });
  });
  co_await look_up->done.async_wait(use_task);
  if (!look_up->answered) co_return Reason::backend_timeout;
  if (look_up->addresses.empty()) co_return Reason::backend_unresolved;
  co_return std::move(look_up->addresses);
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

Task<Result<Descriptor>> connect_one(asio::io_context& context, Deadlines& deadlines, SocketAddress address,
                                     Instant deadline) {
  Descriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) co_return reason_for(errno);
  configure(socket.get());
  if (::connect(socket.get(), address.get(), address.size) == 0) co_return socket;
  // Interrupted, it goes on all the same (connect(2)).
  if (errno != EINPROGRESS && errno != EINTR) co_return reason_for(errno);

  // Its own registration, dropped with it: the session's would otherwise be woken for writability for ever.
  Readiness readiness(context, socket.get());
  if (!readiness.watches()) co_return Reason::full;
  WaitLimit limit(deadlines, deadline);
  if (!co_await limit.writable(readiness)) co_return Reason::backend_timeout;
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) co_return reason_for(error);
  co_return socket;
}

}  // namespace

Task<Result<Descriptor>> dial(asio::io_context& context, Deadlines& deadlines, Resolver& resolver,
                              config::Backend backend, Instant deadline) {
  auto addresses = co_await resolve(context, resolver, backend.host, deadline);
  if (!addresses) co_return addresses.error();
  Reason last = Reason::backend_timeout;
  std::size_t left = addresses->size();
  for (SocketAddress& address : *addresses) {
    const Instant now = Clock::now();
    if (now >= deadline) break;
    // A fair share of the time each, so that one dead address does not use it up for all.
    const Instant share = now + (deadline - now) / static_cast<Duration::rep>(left--);
    address.set_port(backend.port);
    auto socket = co_await connect_one(context, deadlines, address, share);
    if (socket) co_return std::move(*socket);
    last = socket.error();
  }
  co_return last;
}

}  // namespace drawbridge::net
