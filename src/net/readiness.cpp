#include "net/readiness.hpp"

namespace drawbridge::net {

void Readiness::on_event(std::uint32_t events) {
  constexpr std::uint32_t ends = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if ((events & (ends | EPOLLPRI)) != 0) more_behind_ = true;
  if (client_ == nullptr) return;
  client_->on_ready({.readable = (events & (EPOLLIN | EPOLLPRI | ends)) != 0,
                     .writable = (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0,
                     .more_behind = more_behind_});
}

}  // namespace drawbridge::net
