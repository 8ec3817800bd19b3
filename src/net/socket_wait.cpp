#include "net/socket_wait.hpp"

namespace drawbridge::net {
namespace {

Task<bool> wait_for(Parked& parked, bool& possible) {
  while (!possible) {
    const bool woken = co_await parked.wait();
    if (!woken) co_return false;
  }
  possible = false;
  co_return !parked.expired();
}

}  // namespace

SocketWait::SocketWait(Loop& loop, int fd, Instant limit)
    : parked_(loop.deadlines(), limit), readiness_(std::make_unique<Readiness>(loop, fd)) {
  readiness_->tell(this);
}

std::unique_ptr<Readiness> SocketWait::release() {
  readiness_->tell(nullptr);
  return std::move(readiness_);
}

Task<bool> SocketWait::readable() {
  return wait_for(parked_, readable_);
}

Task<bool> SocketWait::writable() {
  return wait_for(parked_, writable_);
}

void SocketWait::on_ready(Ready ready) {
  readable_ = readable_ || ready.readable;
  writable_ = writable_ || ready.writable;
  parked_.wake();
}

}  // namespace drawbridge::net
