#include "net/deadlines.hpp"

namespace drawbridge::net {

Instant coarse(Instant deadline, Instant now) {
  constexpr Duration grid = std::chrono::milliseconds(100);
  if (deadline == never || deadline - now < std::chrono::seconds(1)) return deadline;
  const Duration since_epoch = deadline.time_since_epoch();
  return Instant(since_epoch + grid - since_epoch % grid);
}

void Deadlines::expect_by(Waiter& waiter, Instant at) {
  if (waiter.at_ <= at) return;
  forget(waiter);
  waiter.at_ = at;
  waiters_.insert(waiter);
  if (at < planned_) needs_plan_ = true;
}

void Deadlines::forget(Waiter& waiter) {
  if (waiter.at_ == never) return;
  waiters_.erase(waiters_.iterator_to(waiter));
  waiter.at_ = never;
}

Instant Deadlines::plan() {
  needs_plan_ = false;
  planned_ = waiters_.empty() ? never : waiters_.begin()->at_;
  return planned_;
}

void Deadlines::run(Instant now) {
  planned_ = never;
  needs_plan_ = true;
  while (!waiters_.empty() && waiters_.begin()->at_ <= now) {
    Waiter& waiter = *waiters_.begin();
    forget(waiter);
    waiter.on_deadline(now);
  }
}

}  // namespace drawbridge::net
