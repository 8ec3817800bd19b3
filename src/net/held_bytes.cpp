#include "net/held_bytes.hpp"

#include <algorithm>
#include <new>

namespace drawbridge::net {

bool HeldBytes::append(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return true;
  const std::size_t held = end_ - begin_;
  if (end_ + bytes.size() > capacity_) {
    const std::size_t capacity = held + bytes.size();
    if (!budget_.take(capacity)) return false;
    std::unique_ptr<std::uint8_t[]> memory(new (std::nothrow) std::uint8_t[capacity]);
    if (!memory) {
      budget_.give_back(capacity);
      return false;
    }
    std::copy_n(memory_.get() + begin_, held, memory.get());
    budget_.give_back(capacity_);
    memory_ = std::move(memory);
    capacity_ = static_cast<std::uint32_t>(capacity);
    begin_ = 0;
    end_ = static_cast<std::uint32_t>(held);
  }
  std::copy(bytes.begin(), bytes.end(), memory_.get() + end_);
  end_ += static_cast<std::uint32_t>(bytes.size());
  return true;
}

void HeldBytes::consume(std::size_t bytes) {
  begin_ += static_cast<std::uint32_t>(bytes);
  if (empty()) clear();
}

void HeldBytes::clear() {
  budget_.give_back(capacity_);
  memory_.reset();
  begin_ = end_ = capacity_ = 0;
}

}  // namespace drawbridge::net
