#pragma once

#include "base/time.hpp"

#include <cstdint>

namespace drawbridge::policy {

// A token bucket. `now` is given and may not go backwards; if it does, nothing is refilled.
class TokenBucket {
 public:
  // `rate`: tokens a second, > 0. `burst`: most tokens it holds, > 0; it starts full.
  TokenBucket(double rate, double burst, Instant now);

  // Takes `amount` if that many are there; more than `burst` never are.
  bool try_take(double amount, Instant now);
  // Takes `amount` in any case; what is not there is owed.
  void take(double amount, Instant now);
  // When the bucket owes nothing any more: `now` or earlier if it owes nothing already; `never` if it takes a century.
  Instant ready_at(Instant now);
  bool full(Instant now);
  // Seconds until `amount` tokens are there; 0 if they are, infinity if `amount` is more than `burst`.
  double seconds_until(double amount, Instant now);

  // A new rate and burst; what is there or owed stays, up to the new burst.
  void reshape(double rate, double burst);

 private:
  void refill(Instant now);

  double rate_;
  double burst_;
  double tokens_;
  Instant refilled_;
};

}  // namespace drawbridge::policy
