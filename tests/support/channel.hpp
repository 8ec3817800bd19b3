#pragma once

#include "support/patience.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace drawbridge::testing {

// Hands values from a backend's thread to the test's, which waits at most `patience`.
template <class T>
class Channel {
 public:
  void push(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    arrived_.notify_all();
  }

  T pop(std::chrono::milliseconds most = patience) {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, most, [this] { return !values_.empty(); })) throw Timeout("nothing came");
    T value = std::move(values_.front());
    values_.pop_front();
    return value;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<T> values_;
};

}  // namespace drawbridge::testing
