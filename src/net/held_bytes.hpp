#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace drawbridge::net {

// The bytes that all sessions together hold for peers that do not read. One for the whole process.
class BufferBudget {
 public:
  explicit BufferBudget(std::uint64_t limit) : limit_(limit) {}

  bool take(std::size_t bytes) {
    if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= limit_.load(std::memory_order_relaxed))
      return true;
    give_back(bytes);
    return false;
  }
  void give_back(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  void set_limit(std::uint64_t limit) { limit_.store(limit, std::memory_order_relaxed); }
  std::uint64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> limit_;
  std::atomic<std::uint64_t> used_{0};
};

// Bytes that could not be written yet. Memory exists only while there are some.
class HeldBytes {
 public:
  explicit HeldBytes(BufferBudget& budget) : budget_(budget) {}
  HeldBytes(const HeldBytes&) = delete;
  HeldBytes& operator=(const HeldBytes&) = delete;
  ~HeldBytes() { clear(); }

  bool empty() const { return begin_ == end_; }
  std::span<const std::uint8_t> bytes() const { return {memory_.get() + begin_, end_ - begin_}; }
  std::span<std::uint8_t> bytes() { return {memory_.get() + begin_, end_ - begin_}; }

  // Adds to what is held. False, and nothing added, if the budget of all sessions or the memory is used up.
  bool append(std::span<const std::uint8_t> bytes);
  void consume(std::size_t bytes);
  void clear();

 private:
  BufferBudget& budget_;
  std::unique_ptr<std::uint8_t[]> memory_;
  std::uint32_t begin_ = 0;
  std::uint32_t end_ = 0;
  std::uint32_t capacity_ = 0;
};

}  // namespace drawbridge::net
