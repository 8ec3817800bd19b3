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
  if (at < planned_) needs_plan_ = true;
}

void Deadlines::forget(Waiter& waiter) {
  if (waiter.at_ == never) return;
  waiters_.erase(waiters_.iterator_to(waiter));
  waiter.at_ = never;
}

Instant Deadlines::plan(Instant now) {
  needs_plan_ = false;
  planned_ = waiters_.empty() ? never : waiters_.begin()->at_;
  if (planned_ != never && planned_ - now >= far) {
    const Duration since_epoch = planned_.time_since_epoch();
    planned_ = Instant(since_epoch + coarse - since_epoch % coarse);
  }
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
