#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace drawbridge::daemon {

// What workers tell of traced sessions and one asker reads, in lines. Bounded: what he does not take in time is
// dropped and counted, and no worker ever waits. Any thread.
class TraceQueue {
 public:
  static constexpr std::size_t most_lines = 4'096;
  static constexpr std::size_t most_bytes = 1 << 20;  // and what the last line has beyond

  // `wake` is called, on the thread that adds, when there is something again after `take` found nothing.
  explicit TraceQueue(std::function<void()> wake) : wake_(std::move(wake)) {}

  // Whether one more line has room; if not, it counts as dropped.
  bool admits();
  // A line that was admitted, with its end.
  void add(std::string_view line);
  // The very last one, for which there is always room.
  void end(std::string_view line);

  // Whole lines: all that is there, and at their place how many were dropped.
  std::string take();
  // Nothing is left, and nothing will come.
  bool over() const;

 private:
  bool wakes();

  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::string lines_;  // this and all below: guarded by mutex_
  std::size_t count_ = 0;
  std::uint64_t dropped_ = 0;  // after those lines
  std::string last_;
  bool ended_ = false;
  bool reader_waits_ = false;
};

}  // namespace drawbridge::daemon
