#pragma once

#include "support/process.hpp"
#include "support/temporary_directory.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace drawbridge::testing {

// Calls of the C library that can be made to fail. Of some only those that matter: see failing_calls.cpp.
enum class Call : std::uint8_t {
  accept,
  connect,
  duplicate,  // fcntl, F_DUPFD_CLOEXEC
  getaddrinfo,
  getsockopt,
  open,  // of any kind
  receive,
  send,
  setsockopt,
  shutdown,
  socket,
  wait,       // epoll_wait
  watch,      // epoll_ctl, EPOLL_CTL_ADD
  write_log,  // write to standard error
  count_,
};

// What the test tells the library that is loaded into the daemon before all others, and what that says. Lies in memory
// that both have.
struct CallSwitches {
  std::atomic<Call> failing = Call::count_;
  std::atomic<int> error = 0;               // errno; for getaddrinfo its own code
  std::atomic<std::int64_t> calls_until{};  // how many go well before the first that fails
  std::atomic<std::int64_t> failures{};     // how many fail in a row
  std::atomic<std::uint64_t> failed{};
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(Call::count_)> calls{};
  // Added to the clocks.
  std::atomic<std::int64_t> wall_nanoseconds{};
  std::atomic<std::int64_t> steady_nanoseconds{};
};

// Makes calls of a process fail that was started with `options`.
class CallControl {
 public:
  CallControl();
  ~CallControl();
  CallControl(const CallControl&) = delete;
  CallControl& operator=(const CallControl&) = delete;

  ProcessOptions options() const;

  // From now on: `calls_until` calls go well, the next `failures` fail with `error`, those behind them go well.
  void fail(Call call, int error, std::int64_t calls_until, std::int64_t failures = 1);
  // Ends that; returns how many failed.
  std::uint64_t stop_failing();
  std::uint64_t failed() const { return switches_->failed; }
  // So far.
  std::uint64_t calls(Call call) const { return switches_->calls[static_cast<std::size_t>(call)]; }

  void shift_wall_clock(std::chrono::nanoseconds by) { switches_->wall_nanoseconds += by.count(); }
  // Forwards only.
  void shift_steady_clock(std::chrono::nanoseconds by) { switches_->steady_nanoseconds += by.count(); }

 private:
  TemporaryDirectory directory_;
  std::string file_;
  CallSwitches* switches_;
};

}  // namespace drawbridge::testing
