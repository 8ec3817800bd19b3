#include "net/wait_limit.hpp"

namespace drawbridge::net {

Task<bool> WaitLimit::readable(Readiness& readiness) {
  if (expired_) co_return false;
  waiting_ = &readiness;
  const bool ready = co_await readiness.readable();
  waiting_ = nullptr;
  co_return ready && !expired_;
}

Task<bool> WaitLimit::writable(Readiness& readiness) {
  if (expired_) co_return false;
  waiting_ = &readiness;
  const bool ready = co_await readiness.writable();
  waiting_ = nullptr;
  co_return ready && !expired_;
}

void WaitLimit::on_deadline(Instant now) {
  if (now < at_) return deadlines_.expect_by(*this, at_);
  expired_ = true;
  if (waiting_ != nullptr) waiting_->cancel();
}

}  // namespace drawbridge::net
