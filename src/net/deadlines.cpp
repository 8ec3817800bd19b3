#include "net/deadlines.hpp"

namespace drawbridge::net {
namespace {

// A deadline further away than `far` may be met that much later.
constexpr Duration coarse = std::chrono::milliseconds(100);
constexpr Duration far = std::chrono::seconds(1);

}  // namespace

void Deadlines::expect_by(Waiter& waiter, Instant at) {
  if (waiter.at_ <= at) return;
  forget(waiter);
  waiter.at_ = at;
  waiters_.insert(waiter);
}

void Deadlines::forget(Waiter& waiter) {
  if (waiter.at_ == never) return;
  waiters_.erase(waiters_.iterator_to(waiter));
  waiter.at_ = never;
}

Instant Deadlines::next_look(Instant now) const {
  const Instant at = first();
  if (at == never || at - now < far) return at;
  const Duration since_epoch = at.time_since_epoch();
  return Instant(since_epoch + coarse - since_epoch % coarse);
}

void Deadlines::run(Instant now) {
  while (first() <= now && !waiters_.empty()) {
    Waiter& waiter = *waiters_.begin();
    forget(waiter);
    waiter.on_deadline(now);
  }
}

}  // namespace drawbridge::net
