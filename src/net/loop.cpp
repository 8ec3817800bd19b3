#include "net/loop.hpp"

#include "net/readiness.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/timerfd.h>

namespace drawbridge::net {
namespace {

// About what it costs to go to sleep and be woken, so that looking in vain costs at most as much again.
constexpr Duration moment = std::chrono::microseconds(50);

// The kernel makes about 100 us of it (PR_SET_TIMERSLACK in prctl(2)).
constexpr Duration shortest_nap = std::chrono::microseconds(20);

Descriptor made(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return Descriptor(fd);
}

// Neither timer nor mailbox is ever read: edge-triggered, each expiry and each write is an event of its own.
void add(const Descriptor& epoll, const Descriptor& own) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = const_cast<Descriptor*>(&own);
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, own.get(), &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

// This thread, since it began.
std::uint64_t times_preempted() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return static_cast<std::uint64_t>(usage.ru_nivcsw);
}

epoll_event all_of(Readiness& readiness) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
  event.data.ptr = &readiness;
  return event;
}

}  // namespace

Loop::Loop()
    : epoll_(made(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      timer_(made(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create")),
      mailbox_(made(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")) {
  add(epoll_, timer_);
  add(epoll_, mailbox_);
}

void Loop::run() {
  while (!stopped_) {
    while (!opened_mail_.empty() && !stopped_) {
      const auto work = std::move(opened_mail_.front());
      opened_mail_.pop_front();
      work();
    }
    while (next_ < ready_ && !stopped_) dispatch(events_[next_++]);
    if (!stopped_ && opened_mail_.empty()) turns_.run();
    if (!stopped_ && opened_mail_.empty()) wait();
  }
  stopped_ = false;
}

void Loop::wait() {
  if (deadlines_.needs_plan()) arm();
  const bool naps = std::exchange(naps_, false);
  if (!turns_.empty()) return take_events(0);
  if (naps && ready_ <= 2) std::this_thread::sleep_for(shortest_nap);
  if (spin_.pays() && look_for_a_moment()) return;
  take_events(-1);
}

void Loop::take_events(int milliseconds) {
  next_ = ready_ = 0;
  const int n = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), milliseconds);
  if (n > 0) ready_ = static_cast<std::size_t>(n);
}

bool Loop::look_for_a_moment() {
  const Instant until = Clock::now() + moment;
  do {
    take_events(0);
  } while (ready_ == 0 && Clock::now() < until);
  spin_.learn(ready_ > 0);
  if (++looks_ % Spin::looks_between == 0) spin_.learn_of_preemptions(times_preempted());
  return ready_ > 0;
}

void Loop::dispatch(const epoll_event& event) {
  if (event.data.ptr == &timer_) {
    armed_for_ = never;
    deadlines_.run(Clock::now());
  } else if (event.data.ptr == &mailbox_) {
    const std::lock_guard lock(mutex_);
    opened_mail_.swap(mail_);
  } else if (event.data.ptr != nullptr) {
    static_cast<Readiness*>(event.data.ptr)->on_event(event.events);
  }
}

void Loop::arm() {
  const Instant at = deadlines_.plan();
  // Where nobody waits for that time any more, it comes in vain once.
  if (at >= armed_for_) return;
  armed_for_ = at;
  // Zero would disarm it.
  const auto since_epoch = std::max(at.time_since_epoch(), Duration(1));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  itimerspec when{};
  when.it_value.tv_sec = seconds.count();
  when.it_value.tv_nsec = std::chrono::nanoseconds(since_epoch - seconds).count();
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void Loop::post(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  mail_.push_back(std::move(work));
  if (mail_.size() > 1) return;  // it knows
  ::eventfd_write(mailbox_.get(), 1);
}

bool Loop::watch(int fd, Readiness& readiness) {
  epoll_event event = all_of(readiness);
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Loop::watch_again(int fd, Readiness& readiness) {
  epoll_event event = all_of(readiness);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Loop::forget(int fd, const Readiness& readiness) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  for (std::size_t i = next_; i < ready_; ++i) {
    if (events_[i].data.ptr == &readiness) events_[i].data.ptr = nullptr;
  }
}

}  // namespace drawbridge::net
