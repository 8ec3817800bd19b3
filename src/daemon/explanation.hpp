#pragma once

#include "base/reason.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::daemon {

// One rule, and what it says of a request.
struct Step {
  // would_refuse: it says no, and is not enforced. skipped: not reached, or beyond what can be known here.
  enum class Outcome : std::uint8_t { ok, no, would_refuse, skipped };

  Outcome outcome = Outcome::skipped;
  std::string rule;   // with its place in the configuration, where it has one
  std::string found;  // for people; may be empty
};
std::string_view text(Step::Outcome outcome);

// What a rule that is not enforced has against a request: the same that the daemon's `would_refuse` line has.
struct Objection {
  Reason reason;
  std::string rule;
  std::string detail;  // may be empty
};

// What would happen to a request, and why. Nothing in it is a credential.
struct Explanation {
  std::string request;
  std::string listener;
  std::string client;  // its address, and how it was found
  std::vector<Step> steps;
  std::vector<Objection> would_refuse;  // in their order

  std::optional<Reason> reason;  // why it is refused; absent: admitted, or undecided
  std::string undecided;         // who would have to be asked; empty: nobody
  std::uint16_t status = 0;      // of the answer; 0: the connection closes without one
  std::uint16_t close_code = 0;  // what the route's `rejection` turns the status into; 0: it does not
  std::string rule;              // the same that the daemon's log line has; may be empty
  std::string detail;
  std::string route;     // its name; empty: none was found
  std::string identity;  // whom a credential named; empty: nobody
  std::string backend;   // of an admitted request
  std::string subprotocol;

  bool admitted() const { return !reason && undecided.empty(); }
};

// For people: a line a rule, then the verdict.
std::string text(const Explanation& told);
// One line, for programs.
std::string json(const Explanation& told);

}  // namespace drawbridge::daemon
