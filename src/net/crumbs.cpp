#include "net/crumbs.hpp"

#include <algorithm>

namespace drawbridge::net {
namespace {

constexpr std::size_t large = 4'096;
constexpr Duration soon = std::chrono::microseconds(30);
// A nap that does not find that many crumbs was not worth it.
constexpr std::size_t worth_it = 3;
// Points for and against naps, which begin at so many.
constexpr int enough = 32;
constexpr int most = 64;
constexpr int against = 4;
constexpr int vain_nap = 8;

}  // namespace

bool Crumbs::came(std::size_t bytes, Instant now) {
  const Duration pause = now - last_;
  last_ = now;
  int points = -against;
  if (naps_) {
    points = bytes >= worth_it * size_ ? 1 : -vain_nap;
  } else if (bytes <= large) {
    if (pause <= soon) points = 1;
    size_ = static_cast<std::uint32_t>((3 * size_ + bytes) / 4);
  }
  points_ = static_cast<std::int8_t>(std::clamp(points_ + points, 0, most));
  return naps_ = points_ >= enough;
}

}  // namespace drawbridge::net
