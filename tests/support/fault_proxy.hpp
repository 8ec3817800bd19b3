#pragma once

#include "support/wire.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace drawbridge::testing {

// What a network does to one direction of a connection once its n-th byte has passed.
enum class Fault : std::uint8_t {
  none,
  chop,      // from the first byte on, every byte is a segment of its own
  delay,     // nothing passes for a while
  stall,     // nothing passes any more, and soon nothing is read
  vanish,    // everything is swallowed, the end too: a half-open connection
  end,       // the receiver gets the end of the stream; the rest is swallowed
  reset,     // both connections are reset
  overtake,  // the rest waits until the end of the other direction has passed
};
std::string_view name(Fault fault);

// Forth: from who connects to who listens.
enum class Direction : std::uint8_t { forth, back };

struct FaultPlan {
  Fault fault = Fault::none;
  Direction direction = Direction::forth;
  std::size_t at = 0;  // n
};

// A TCP proxy with one thread that carries one connection at a time, with a fault at a given byte.
class FaultProxy {
 public:
  // `source`: the local address of the connections it makes; empty: any.
  explicit FaultProxy(std::uint16_t target, std::string source = {});
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  std::uint16_t port() const { return listening_.port; }
  // What connections get from now on. What is still there from before is reset; returns how many there were since the
  // last call.
  std::size_t arm(const FaultPlan& plan);
  // Since then: what has passed, and whether the fault has come.
  std::string passed(Direction direction) const;
  bool struck() const;

 private:
  struct Stream;
  struct Pair;

  static bool is_over(const Stream& stream);
  void run();
  void take_plan();
  void carry(int accepted);
  bool interrupted();
  void pump(Pair& pair, Direction direction);
  std::size_t allowance(const Pair& pair, Direction direction) const;
  void look_for_fault(Pair& pair);

  const std::uint16_t target_;
  const std::string source_;
  Listening listening_;
  const int wake_;  // eventfd: armed, or stopped
  mutable std::mutex mutex_;
  bool stopped_ = false;
  std::condition_variable armed_;
  std::optional<FaultPlan> next_;
  FaultPlan plan_;
  std::string passed_[2];  // by Direction
  bool struck_ = false;
  std::size_t carried_ = 0;
  std::size_t last_carried_ = 0;
  std::thread thread_;
};

}  // namespace drawbridge::testing
