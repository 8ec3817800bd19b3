#include "net/deadlines.hpp"

namespace drawbridge::net {
namespace {

// A deadline further away than this may be met that much later, so that thousands of them share few wake-ups.
constexpr Duration coarse = std::chrono::milliseconds(100);
constexpr Duration far = std::chrono::seconds(1);

Instant wake_up(Instant deadline, Instant now) {
  if (deadline - now < far) return deadline;
  const Duration since_epoch = deadline.time_since_epoch();
  return Instant(since_epoch + coarse - since_epoch % coarse);
}

}  // namespace

void Deadlines::expect_by(Waiter& waiter, Instant at) {
  if (waiter.at_ <= at) return;
  forget(waiter);
  waiter.at_ = at;
  waiters_.insert(waiter);
  if (timer_ && at < armed_for_) arm(Clock::now());
}

void Deadlines::forget(Waiter& waiter) {
  if (waiter.at_ == never) return;
  waiters_.erase(waiters_.iterator_to(waiter));
  waiter.at_ = never;
}

void Deadlines::run(Instant now) {
  while (!waiters_.empty() && waiters_.begin()->at_ <= now) {
    Waiter& waiter = *waiters_.begin();
    forget(waiter);
    waiter.on_deadline(now);
  }
}

void Deadlines::arm(Instant now) {
  const Instant at = wake_up(waiters_.begin()->at_, now);
  if (at >= armed_for_) return;
  armed_for_ = at;
  timer_->expires_at(at);
  timer_->async_wait([this](boost::system::error_code error) {
    if (error) return;  // armed anew for an earlier time
    armed_for_ = never;
    const Instant woken = Clock::now();
    run(woken);
    if (!waiters_.empty()) arm(woken);
  });
}

}  // namespace drawbridge::net
