#include "net/meter.hpp"

#include <algorithm>

namespace drawbridge::net {

policy::Spent Meter::read(const Counts& counts, Instant now) {
  // At its end a session takes back what it counted and could not deliver: that was read, and stays spent.
  const std::uint64_t crossed = std::max(counts.up_bytes + counts.down_bytes, told_);
  return share_.spend(crossed - std::exchange(told_, crossed), now);
}

}  // namespace drawbridge::net
