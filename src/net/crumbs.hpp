#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <cstdint>

namespace drawbridge::net {

// Whether what a backend says comes in crumbs, faster than they are worth a wake-up each: then a short nap before the
// next look finds many at once, as network cards moderate their interrupts. Only where the browser says nothing
// meanwhile.
class Crumbs {
 public:
  // Something went down, `bytes` of it; true: nap before the next look.
  bool came(std::size_t bytes, Instant now);
  // Something went up.
  void answered() { *this = {}; }

 private:
  Instant last_;
  std::uint32_t size_ = 0;  // of one, about
  std::int8_t points_ = 0;
  bool naps_ = false;
};

}  // namespace drawbridge::net
