#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace drawbridge::testing {

// Of round trips, in milliseconds.
struct Latency {
  double median = 0;
  double p99 = 0;
};

// A thread that makes a round trip, rests for a moment, and so on.
class RoundTrips {
 public:
  explicit RoundTrips(std::function<void()> round_trip);
  ~RoundTrips();

  // Of the round trips since the last call, once there are at least so many.
  Latency measure(std::size_t least);
  // Throws what a round trip threw, if one did.
  void finish();

 private:
  void run(const std::function<void()>& round_trip);
  void stop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<double> milliseconds_;
  std::exception_ptr failure_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace drawbridge::testing
