#pragma once

#include <chrono>
#include <stdexcept>

namespace drawbridge::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

// The longest any wait of a test may take: a hang fails instead of blocking the run.
constexpr std::chrono::milliseconds patience{sanitized ? 45'000 : 15'000};

struct Timeout : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace drawbridge::testing
