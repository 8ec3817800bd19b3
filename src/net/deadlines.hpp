#pragma once

#include "base/time.hpp"

#include <boost/intrusive/set.hpp>
#include <boost/intrusive/set_hook.hpp>

namespace drawbridge::net {

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

  // The earliest that somebody waits for; `never`: nobody waits.
  Instant first() const { return waiters_.empty() ? never : waiters_.begin()->at_; }
  // When to look for it: a little later if it is far away, so that thousands share few wake-ups.
  Instant next_look(Instant now) const;
  // Calls all whose time has come.
  void run(Instant now);

 private:
  struct Earlier {
    bool operator()(const Waiter& a, const Waiter& b) const { return a.at_ < b.at_; }
  };

  boost::intrusive::multiset<Waiter, boost::intrusive::compare<Earlier>, boost::intrusive::constant_time_size<false>>
      waiters_;
};

}  // namespace drawbridge::net
