#pragma once

#include "net/deadlines.hpp"
#include "net/descriptor.hpp"
#include "net/spin.hpp"
#include "net/turns.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

#include <sys/epoll.h>

namespace drawbridge::net {

class Readiness;

// What one thread waits for, in one place: sockets, times, work that waits for its turn, and what other threads send.
// Sockets are watched edge-triggered, with one registration for life.
class Loop {
 public:
  // Throws std::system_error if the kernel has no room for it.
  Loop();
  // Work that was sent and not done is destroyed.
  ~Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Until stop(). What a piece of work throws ends it too: called again it goes on with the next one, nothing is lost.
  void run();
  // On its own thread: ends the run that is under way, or the next one.
  void stop() { stopped_ = true; }
  // From any thread: to be done on the loop's.
  void post(std::function<void()> work);

  Deadlines& deadlines() { return deadlines_; }
  Turns& turns() { return turns_; }
  Spin& spin() { return spin_; }
  // On its own thread: before the next look at what came, a short nap, unless others have something too.
  void nap() { naps_ = true; }

 private:
  friend class Readiness;
  // False if the kernel had no room (epoll_ctl(2): ENOMEM, ENOSPC).
  bool watch(int fd, Readiness& readiness);
  void watch_again(int fd, Readiness& readiness);
  void forget(int fd, const Readiness& readiness);

  void wait();
  bool look_for_a_moment();
  void take_events(int milliseconds);
  void dispatch(const epoll_event& event);
  void arm();

  Descriptor epoll_;
  Descriptor timer_;    // armed only when an earlier deadline comes: cheaper than a timeout with each epoll_wait
  Descriptor mailbox_;  // eventfd(2)
  Instant armed_for_ = never;

  std::array<epoll_event, 128> events_;
  std::size_t next_ = 0;  // of the events that are not dispatched yet
  std::size_t ready_ = 0;
  bool stopped_ = false;
  Spin spin_;
  unsigned looks_ = 0;
  bool naps_ = false;
  Deadlines deadlines_;
  Turns turns_;
  std::deque<std::function<void()>> opened_mail_;  // taken out of the box, to be done
  std::mutex mutex_;
  std::deque<std::function<void()>> mail_;  // guarded by mutex_
};

}  // namespace drawbridge::net
