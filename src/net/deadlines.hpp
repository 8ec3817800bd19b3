#pragma once

#include "base/time.hpp"
#include "net/task.hpp"

#include <optional>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/intrusive/set.hpp>
#include <boost/intrusive/set_hook.hpp>

namespace drawbridge::net {

using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, asio::io_context::executor_type>;

// Everybody on a worker who waits for a time; one timer serves them all.
class Deadlines {
 public:
  Deadlines() = default;
  // The timer lives between these two. Waiters may come before, and go after.
  void start(asio::io_context& context) { timer_.emplace(context); }
  void stop() { timer_.reset(); }

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

 private:
  struct Earlier {
    bool operator()(const Waiter& a, const Waiter& b) const { return a.at_ < b.at_; }
  };

  void run(Instant now);
  void arm(Instant now);

  boost::intrusive::multiset<Waiter, boost::intrusive::compare<Earlier>, boost::intrusive::constant_time_size<false>>
      waiters_;
  std::optional<Timer> timer_;
  Instant armed_for_ = never;
};

}  // namespace drawbridge::net
