#pragma once

#include "base/time.hpp"

#include <boost/intrusive/set.hpp>
#include <boost/intrusive/set_hook.hpp>

namespace drawbridge::net {

// A deadline that is further away than a second, put off to the next of ten moments in each: thousands of sessions
// share few wake-ups then.
Instant coarse(Instant deadline, Instant now);

// Everybody on a worker who waits for a time. Knows no clock: its loop asks when to look, and looks.
class Deadlines {
 public:
  class Waiter : public boost::intrusive::set_base_hook<boost::intrusive::optimize_size<true>> {
   public:
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

   protected:
    Waiter() = default;
    virtual ~Waiter() = default;

   private:
    friend class Deadlines;
    // May come early (see expect_by), or a little late: look at the time, and say again when to be called.
    virtual void on_deadline(Instant now) = 0;
    Instant at_ = never;
  };

  // Calls the waiter soon after `at`, or before. A later time than the one already asked for changes nothing, so that a
  // deadline which moves with every byte costs nothing until the old one comes.
  void expect_by(Waiter& waiter, Instant at);
  void forget(Waiter& waiter);

  // True if somebody came who waits for an earlier time than that of the last plan.
  bool needs_plan() const { return needs_plan_; }
  // The first deadline, for which its caller now wakes up; `never`: nobody waits.
  Instant plan();
  // Calls all whose time has come. Then a new plan is needed.
  void run(Instant now);

 private:
  struct Earlier {
    bool operator()(const Waiter& a, const Waiter& b) const { return a.at_ < b.at_; }
  };

  boost::intrusive::multiset<Waiter, boost::intrusive::compare<Earlier>, boost::intrusive::constant_time_size<false>>
      waiters_;
  Instant planned_ = never;
  bool needs_plan_ = false;
};

}  // namespace drawbridge::net
