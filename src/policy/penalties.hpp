#pragma once

#include "base/time.hpp"
#include "config/config.hpp"
#include "policy/client_key.hpp"
#include "policy/enforcement.hpp"
#include "policy/limiter.hpp"

#include <cstddef>
#include <memory>
#include <optional>

namespace drawbridge::policy {

// What a failure costs; absent: nothing. The kinds of failures, by the reasons they are refused or ended for:
// credential: credential_invalid (not a missing or an expired one, which nobody guesses with); protocol:
// protocol_error and utf8; timeout: tls_timeout and head_timeout; tls: tls_error; origin: origin; request: bad_request,
// plain_http, method, no_route, subprotocol, misdirected, target_too_long and head_too_large.
std::optional<Duration> penalty_for(Reason reason, const config::Penalties& rules);

// What becomes of a connection at accept.
struct Knock {
  // Refuse: through TLS to an answer with the objection; one connection a second, so that people learn why. Drop: the
  // others of a client that is shut out.
  Entry::Action action = Entry::Action::proceed;
  std::optional<Objection> objection;  // also where it is not enforced, and the connection proceeds
};

// The accounts of clients that failed (config::Penalties). Sharded: any thread may call any function. As in the
// limiter, a client is an IPv4 address or an IPv6 /64; IPv6 failures count for the /48 as well, at an eighth of the
// penalty, and whoever is in a /48 that is shut out is so too.
//
// The table is bounded: when it is full, the account that is empty first is dropped, but never for one that would be
// empty even sooner. So many addresses of little failures push nobody out who has failed more, and a flood of them
// leaves only its own least uncounted; newcomers that do not fail need no account and notice nothing.
//
// No client (a peer on a Unix socket, a proxy before it named somebody) and exempt ones have no account.
class Penalties {
 public:
  explicit Penalties(const config::Penalties& rules);
  ~Penalties();

  // Counts a failure. The objection that stands against the client from now on if it is this failure that shuts it out,
  // for one line in the log; none before, nor again while it is out.
  std::optional<Objection> note(const std::optional<Address>& client, Reason failure, Instant now);

  // At accept, before the permit.
  Knock knock(const std::optional<Address>& client, Instant now);

  // The same without taking anything: for a request of a connection that was accepted before its client was shut out,
  // and for one whose client became known only from its head. Asked before a credential is looked at, it stops those
  // who try many at once.
  std::optional<Objection> objection(const std::optional<Address>& client, Instant now) const;

  // Hold for all accounts from now on; one that is shut out stays so until it is empty. Memory is given back, but the
  // number of shards stays, and with less than 64 clients for each the table is a little larger than `clients`.
  void set_rules(const config::Penalties& rules);

  std::size_t table_size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace drawbridge::policy
