#pragma once

#include "net/deadlines.hpp"
#include "net/readiness.hpp"
#include "net/task.hpp"

namespace drawbridge::net {

// A limit to the time that a task may wait for a descriptor.
class WaitLimit : public Deadlines::Waiter {
 public:
  WaitLimit(Deadlines& deadlines, Instant at) : deadlines_(deadlines) { set(at); }
  ~WaitLimit() { deadlines_.forget(*this); }

  // A new limit from now on.
  void set(Instant at) {
    expired_ = false;
    at_ = at;
    deadlines_.forget(*this);
    deadlines_.expect_by(*this, at);
  }
  bool expired() const { return expired_; }

  // True when it can be read (or written); false when the limit came first.
  Task<bool> readable(Readiness& readiness);
  Task<bool> writable(Readiness& readiness);

 private:
  void on_deadline(Instant now) override;

  Deadlines& deadlines_;
  Instant at_ = never;
  bool expired_ = false;
  Readiness* waiting_ = nullptr;
};

}  // namespace drawbridge::net
