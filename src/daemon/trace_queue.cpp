#include "daemon/trace_queue.hpp"

#include <new>
#include <utility>

#include <fmt/format.h>

namespace drawbridge::daemon {

// With mutex_ held.
bool TraceQueue::wakes() {
  return std::exchange(reader_waits_, false);
}

bool TraceQueue::admits() {
  const std::lock_guard lock(mutex_);
  // Nothing more until the reader came: so there is one gap, and its place is known.
  if (dropped_ == 0 && count_ < most_lines && lines_.size() < most_bytes) return true;
  ++dropped_;
  return false;
}

void TraceQueue::add(std::string_view line) {
  bool wakes_reader = false;
  {
    const std::lock_guard lock(mutex_);
    try {
      lines_ += line;
      ++count_;
    } catch (const std::bad_alloc&) {
      ++dropped_;
    }
    wakes_reader = wakes();
  }
  if (wakes_reader) wake_();
}

void TraceQueue::end(std::string_view line) {
  bool wakes_reader = false;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    try {
      last_ = line;
    } catch (const std::bad_alloc&) {
      ++dropped_;
    }
    wakes_reader = wakes();
  }
  if (wakes_reader) wake_();
}

std::string TraceQueue::take() {
  const std::lock_guard lock(mutex_);
  std::string taken = std::exchange(lines_, {});
  count_ = 0;
  if (const std::uint64_t dropped = std::exchange(dropped_, 0); dropped > 0) {
    taken += fmt::format("{{\"event\":\"dropped\",\"dropped\":{}}}\n", dropped);
  }
  taken += std::exchange(last_, {});
  reader_waits_ = taken.empty() && !ended_;
  return taken;
}

bool TraceQueue::over() const {
  const std::lock_guard lock(mutex_);
  return ended_ && lines_.empty() && last_.empty() && dropped_ == 0;
}

}  // namespace drawbridge::daemon
