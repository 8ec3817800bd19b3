#include "attack/round_trips.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace drawbridge::testing {
namespace {

using std::chrono::steady_clock;

constexpr auto rest = std::chrono::milliseconds(2);

}  // namespace

RoundTrips::RoundTrips(std::function<void()> round_trip) {
  thread_ = std::thread([this, round_trip = std::move(round_trip)] { run(round_trip); });
}

RoundTrips::~RoundTrips() {
  stop();
}

void RoundTrips::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void RoundTrips::run(const std::function<void()>& round_trip) {
  std::unique_lock lock(mutex_, std::defer_lock);
  try {
    for (;;) {
      const auto start = steady_clock::now();
      round_trip();
      std::chrono::duration<double, std::milli> took = steady_clock::now() - start;
      lock.lock();
      // A stall hides the round trips that would have begun in it: they count with what was left of it.
      for (; took.count() > 0; took -= rest) milliseconds_.push_back(took.count());
      changed_.notify_all();
      if (changed_.wait_for(lock, rest, [&] { return stopped_; })) return;
      lock.unlock();
    }
  } catch (...) {
    lock.lock();
    failure_ = std::current_exception();
    changed_.notify_all();
  }
}

Latency RoundTrips::measure(std::size_t least) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return failure_ || milliseconds_.size() >= least; });
  if (failure_) std::rethrow_exception(failure_);
  std::vector<double> sorted = std::exchange(milliseconds_, {});
  lock.unlock();
  std::sort(sorted.begin(), sorted.end());
  return {sorted[sorted.size() / 2], sorted[sorted.size() * 99 / 100]};
}

void RoundTrips::finish() {
  stop();
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace drawbridge::testing
