#pragma once

#include "base/reason.hpp"
#include "base/time.hpp"
#include "net/log.hpp"
#include "policy/rate.hpp"

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

namespace drawbridge::net {

// Decides which refusals are logged line by line: under a flood the lines of a reason are limited and the rest is
// counted and summarised, so that an attacker cannot fill the disk. Any thread may call it.
class Refusals {
 public:
  explicit Refusals(Log& log) : log_(log) {}

  // True: write the line. False: it was counted. What would be refused if it were enforced counts for itself.
  bool wants_line(Reason reason, Instant now, bool enforced = true);
  // Writes one `refusals` line for each reason with counted ones since the last call, and one `would_be_refusals` line.
  void summarise(Instant now);

 private:
  struct Row {
    std::optional<policy::TokenBucket> lines;
    std::uint64_t counted = 0;
    Instant counting_since;
  };

  using Rows = std::array<Row, static_cast<std::size_t>(Reason::pending_full) + 1>;  // by reason

  void summarise(Rows& rows, std::string_view event, Instant now);

  Log& log_;
  std::mutex mutex_;
  Rows refused_;
  Rows only_told_;
};

}  // namespace drawbridge::net
