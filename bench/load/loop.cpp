#include "load/loop.hpp"

#include "load/failure.hpp"

#include <array>

#include <sys/epoll.h>
#include <unistd.h>

namespace drawbridge::bench {

void Watched::watch(std::uint32_t events) {
  if (descriptor_ < 0 || (added_ && events == watched_)) return;
  epoll_event event{};
  event.events = events;
  event.data.ptr = this;
  if (::epoll_ctl(loop_.epoll_, added_ ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, descriptor_, &event) != 0)
    throw system_failure("epoll_ctl");
  added_ = true;
  watched_ = events;
}

void Watched::shut() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw system_failure("epoll_create1");
}

Loop::~Loop() {
  ::close(epoll_);
}

void Loop::turn(int timeout_ms) {
  std::array<epoll_event, 256> events;
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  if (count < 0 && errno != EINTR) throw system_failure("epoll_wait");
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    auto* watched = static_cast<Watched*>(event.data.ptr);
    if (watched->descriptor() >= 0) watched->ready(event.events);
  }
}

}  // namespace drawbridge::bench
