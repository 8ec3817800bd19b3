#include "support/backend.hpp"

#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace drawbridge::testing {

Backend::Backend(Behaviour behaviour, const std::string& address)
    : behaviour_(std::move(behaviour)), listening_(listen_tcp(address)), stop_(eventfd(0, EFD_CLOEXEC)) {
  acceptor_ = std::thread([this] { accept_all(); });
}

Backend::~Backend() {
  eventfd_write(stop_, 1);
  acceptor_.join();
  for (Connection& connection : connections_) connection.thread.join();
  close(listening_.descriptor);
  close(stop_);
}

void Backend::accept_all() {
  for (;;) {
    pollfd waits[2] = {{listening_.descriptor, POLLIN, 0}, {stop_, POLLIN, 0}};
    poll(waits, 2, -1);
    if (waits[1].revents != 0) return;
    const int descriptor = accept4(listening_.descriptor, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) continue;
    ++accepted_;
    connections_.remove_if([](Connection& connection) {
      if (!connection.over) return false;
      connection.thread.join();
      return true;
    });
    Connection& connection = connections_.emplace_back();
    connection.thread = std::thread([this, descriptor, &over = connection.over] {
      Wire wire(descriptor, stop_);
      wire.set_patience(std::chrono::minutes(5));  // the test's own deadlines end it first
      try {
        behaviour_(wire);
      } catch (const std::exception&) {  // the peer went away, or the test is over
      }
      over = true;
    });
  }
}

Backend::Behaviour echo() {
  return greet({});
}

Backend::Behaviour sink() {
  return read_until_stopped;
}

void read_until_stopped(Wire& wire) {
  while (!wire.read_some().empty()) {
  }
}

Backend::Behaviour greet(std::string greeting) {
  return [greeting = std::move(greeting)](Wire& wire) {
    wire.write(greeting);
    for (;;) {
      const std::string piece = wire.read_some();
      if (piece.empty()) return;
      wire.write(piece);
    }
  };
}

Backend::Behaviour serve(std::string bytes) {
  return [bytes = std::move(bytes)](Wire& wire) { wire.write(bytes); };
}

ClosedPort::ClosedPort() : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  bind(descriptor_, reinterpret_cast<const sockaddr*>(&at), size);
  getsockname(descriptor_, reinterpret_cast<sockaddr*>(&at), &size);
  port_ = ntohs(at.sin_port);
}

ClosedPort::~ClosedPort() {
  close(descriptor_);
}

FullPort::FullPort() : listening_(listen_tcp("127.0.0.1", 0)) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(listening_.port);
  for (int i = 0; i < 4; ++i) {  // a queue of 0 holds one; those behind it wait for an answer to their SYN
    queued_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    connect(queued_.back(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
}

FullPort::~FullPort() {
  for (const int descriptor : queued_) close(descriptor);
  close(listening_.descriptor);
}

}  // namespace drawbridge::testing
