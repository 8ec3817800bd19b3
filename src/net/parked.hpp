#pragma once

#include "net/deadlines.hpp"

#include <coroutine>
#include <utility>

namespace drawbridge::net {

// Where one task waits to be woken, with a limit to the time.
class Parked : public Deadlines::Waiter {
 public:
  Parked(Deadlines& deadlines, Instant limit) : deadlines_(deadlines) { set_limit(limit); }
  ~Parked() override { deadlines_.forget(*this); }

  // A new limit from now on.
  void set_limit(Instant limit) {
    expired_ = false;
    limit_ = limit;
    deadlines_.expect_by(*this, limit);
  }
  bool expired() const { return expired_; }

  // Resumes the task, if it waits; that may destroy this.
  void wake() {
    if (task_) std::exchange(task_, nullptr).resume();
  }

  struct Wait {
    Parked& parked;
    bool await_ready() const noexcept { return parked.expired_; }
    void await_suspend(std::coroutine_handle<> task) noexcept { parked.task_ = task; }
    bool await_resume() const noexcept { return !parked.expired_; }
  };
  // For the task to await: true when woken, false when the limit came first.
  Wait wait() { return {*this}; }

 private:
  void on_deadline(Instant now) override {
    if (now < limit_) return deadlines_.expect_by(*this, limit_);
    expired_ = true;
    wake();
  }

  Deadlines& deadlines_;
  Instant limit_ = never;
  bool expired_ = false;
  std::coroutine_handle<> task_;
};

}  // namespace drawbridge::net
