#pragma once

#include "net/task.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

namespace drawbridge::net {

// Waits until a descriptor can be read or written. Everything that waits for sockets goes through here, so that another
// way of waiting can take its place.
class Readiness {
 public:
  // Registers the descriptor, which must stay open until this is destroyed.
  Readiness(asio::io_context& context, int fd);
  // False if the kernel had no room for another watch (epoll_ctl(2): ENOMEM, ENOSPC). Then nothing may be waited for.
  bool watches() const { return descriptor_.is_open(); }
  Readiness(Readiness&&) = default;
  Readiness& operator=(Readiness&&) = delete;
  ~Readiness();

  // Calls `handler(error)` once, when it can be read (or written), or with an error after cancel or destruction.
  template <class Handler>
  void when_readable(Handler handler) {
    descriptor_.async_wait(Socket::wait_read, std::move(handler));
  }
  template <class Handler>
  void when_writable(Handler handler) {
    descriptor_.async_wait(Socket::wait_write, std::move(handler));
  }

  // True when it can be read (or written); false after cancel.
  Task<bool> readable();
  Task<bool> writable();
  void cancel();
  // Drops the registration; the descriptor itself stays open. Waits end with an error.
  void close();

 private:
  using Socket = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;
  Socket descriptor_;
};

}  // namespace drawbridge::net
