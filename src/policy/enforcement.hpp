#pragma once

#include "base/reason.hpp"

#include <optional>

namespace drawbridge::policy {

// What a rule has against somebody. Any rule can be tried out first (`enforce: false`): then what it would have refused
// is logged and counted, and goes on as if the rule had said nothing.
struct Objection {
  Reason reason;
  unsigned retry_after = 0;  // seconds; 0: no delay is named
  bool enforced = true;      // false: only to be logged and counted

  bool operator==(const Objection&) const = default;
};

// Somebody is turned away for it.
constexpr bool refuses(const std::optional<Objection>& objection) {
  return objection && objection->enforced;
}
// Nobody is turned away, but it is told.
constexpr bool only_told(const std::optional<Objection>& objection) {
  return objection && !objection->enforced;
}

}  // namespace drawbridge::policy
