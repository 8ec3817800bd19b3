#include "attack/sink.hpp"

#include <array>
#include <set>
#include <vector>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace drawbridge::testing {
namespace {

void watch(int epoll, int descriptor) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = descriptor;
  epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

}  // namespace

Sink::Sink() : listening_(listen_tcp("127.0.0.1", 4096)), stop_(eventfd(0, EFD_CLOEXEC)) {
  fcntl(listening_.descriptor, F_SETFL, O_NONBLOCK);
  thread_ = std::thread([this] { run(); });
}

Sink::~Sink() {
  eventfd_write(stop_, 1);
  thread_.join();
  close(listening_.descriptor);
  close(stop_);
}

void Sink::run() {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  watch(epoll, listening_.descriptor);
  watch(epoll, stop_);
  std::set<int> connections;
  std::vector<char> buffer(256 << 10);
  for (bool stopped = false; !stopped;) {
    std::array<epoll_event, 256> events;
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int ready = events[static_cast<std::size_t>(i)].data.fd;
      if (ready == stop_) {
        stopped = true;
      } else if (ready == listening_.descriptor) {
        const int accepted = accept4(ready, nullptr, nullptr, SOCK_CLOEXEC);
        if (accepted < 0) continue;
        connections.insert(accepted);
        watch(epoll, accepted);
      } else if (recv(ready, buffer.data(), buffer.size(), MSG_DONTWAIT) <= 0) {
        connections.erase(ready);
        close(ready);
      }
    }
  }
  for (const int connection : connections) close(connection);
  close(epoll);
}

}  // namespace drawbridge::testing
