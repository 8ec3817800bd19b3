#pragma once

#include "attack/attacker.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace drawbridge::testing {

// A word of the reason table that the daemon's log has to have while the attack goes on.
struct Expected {
  const char* event;  // "refused" or "session"
  const char* reason;
};

struct Siege {
  Attacker::Attack attack;
  const char* unit;             // what the attack counts
  std::size_t most_mib;         // resident memory of the daemon, at most
  std::uint64_t least = 1;      // of that, at full length
  std::vector<Expected> log{};  // shows that the attack was met as it should be
  std::string settings{};       // top-level keys that are not the defaults, whole lines
  std::string route{};          // and of the route under attack
};

// The daemon with its defaults, a good client, and the attack for DRAWBRIDGE_ATTACK_SECONDS, or a moment without it.
// The test fails unless, meanwhile, the good client gets every echo, its round trips are hardly slower (this with
// DRAWBRIDGE_ATTACK_SECONDS only) and the daemon's memory stays within the bound; and unless, afterwards, descriptors
// and memory have come back, the daemon is idle, a new client gets in, and SIGTERM ends it in good order. Prints a row.
void endure(const Siege& siege);

}  // namespace drawbridge::testing
