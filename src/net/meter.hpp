#pragma once

#include "net/splice.hpp"
#include "policy/quotas.hpp"

#include <cstdint>
#include <utility>

namespace drawbridge::net {

// Tells the quotas of a session's identity what crossed.
class Meter {
 public:
  explicit Meter(policy::IdentityShare share) : share_(std::move(share)) {}

  // What crossed since the last call, by the counts of the session. Before a turn, for what others of the identity left
  // over, and after it.
  policy::Spent read(const Counts& counts, Instant now);

 private:
  policy::IdentityShare share_;
  std::uint64_t told_ = 0;  // payload bytes, both ways
};

}  // namespace drawbridge::net
