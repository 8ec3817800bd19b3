#pragma once

#include <chrono>

namespace drawbridge {

// Monotonic time. Below `net` it is always a parameter: nothing there reads a clock.
using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;
using Duration = Clock::duration;

// A deadline that never comes.
constexpr Instant never = Instant::max();

}  // namespace drawbridge
