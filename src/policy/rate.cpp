#include "policy/rate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace drawbridge::policy {
namespace {

// Tokens: a smaller difference is the rounding of many refills, not a debt.
constexpr double rounding = 1e-6;
// A refill smaller than this part of what is there waits until it has grown: a double would round it up or away, and a
// bucket that is asked often enough would refill at another rate.
constexpr double smallest_refill = 1e-12;

using Ticks = std::chrono::duration<double, Duration::period>;
constexpr Ticks century = std::chrono::hours(24) * 36'525;

}  // namespace

TokenBucket::TokenBucket(double rate, double burst, Instant now)
    : rate_(rate), burst_(burst), tokens_(burst), refilled_(now) {}

bool TokenBucket::try_take(double amount, Instant now) {
  refill(now);
  if (tokens_ + rounding < amount) return false;
  tokens_ -= amount;
  return true;
}

void TokenBucket::take(double amount, Instant now) {
  refill(now);
  tokens_ -= amount;
}

Instant TokenBucket::ready_at(Instant now) {
  refill(now);
  if (tokens_ >= -rounding) return now;
  const Ticks wait = std::chrono::duration<double>(-tokens_ / rate_);
  if (wait >= century) return never;
  return refilled_ + std::chrono::ceil<Duration>(wait);
}

bool TokenBucket::full(Instant now) {
  refill(now);
  return tokens_ + rounding >= burst_;
}

double TokenBucket::seconds_until(double amount, Instant now) {
  refill(now);
  if (tokens_ + rounding >= amount) return 0;
  if (amount > burst_) return std::numeric_limits<double>::infinity();
  return (amount - tokens_) / rate_;
}

void TokenBucket::reshape(double rate, double burst) {
  rate_ = rate;
  burst_ = burst;
  tokens_ = std::min(tokens_, burst);
}

void TokenBucket::refill(Instant now) {
  if (now <= refilled_) return;
  const double refill = std::chrono::duration<double>(now - refilled_).count() * rate_;
  if (refill < std::abs(tokens_) * smallest_refill) return;
  tokens_ = std::min(burst_, tokens_ + refill);
  refilled_ = now;
}

}  // namespace drawbridge::policy
