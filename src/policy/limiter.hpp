#pragma once

#include "base/reason.hpp"
#include "base/time.hpp"
#include "policy/client_key.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace drawbridge::policy {

struct LimiterLimits {
  std::uint64_t sessions = 0;               // in all
  std::uint64_t pending = 2'000;            // connections before 101
  std::uint64_t sessions_per_client = 512;  // connections before and after 101
  double handshakes_per_client = 50;        // a second, > 0
  std::uint64_t handshake_burst = 400;
  // False: who is beyond it proceeds, and it is only told.
  bool enforce_sessions_per_client = true;
  bool enforce_handshakes_per_client = true;
};

class Limiter;
struct CountedClient;  // what the table remembers of a client

// The right of one connection to be here: counted at accept, given back when it dies, wherever and on whichever thread.
class Permit {
 public:
  Permit() = default;
  Permit(Permit&& other) noexcept;
  Permit& operator=(Permit&& other) noexcept;
  ~Permit();

  explicit operator bool() const { return limiter_ != nullptr; }
  // The opening is over: no longer counted as pending but as a session. False, and nothing changed, if the total number
  // of sessions is reached (`full`). True again for a session.
  bool promote();
  void release();

 private:
  friend class Limiter;
  Limiter* limiter_ = nullptr;
  // Whom it counts for; one that is held stays in the table. The one that newcomers share when the table is full may be
  // either of them. Null: none, or not needed.
  CountedClient* client_ = nullptr;   // the IPv4 address or the /64
  CountedClient* network_ = nullptr;  // the /48
  bool promoted_ = false;
};

struct Entry {
  enum class Action : std::uint8_t {
    proceed,
    refuse,  // goes through TLS and gets an HTTP answer with `reason`; holds a permit like any other
    drop,    // the socket closes at once
  };
  Action action = Action::drop;
  Reason reason = Reason::pending_full;  // unless proceed
  unsigned retry_after = 1;              // seconds, for refuse with Reason::rate
  std::optional<Reason> only_told;       // what a limit that is not enforced has against it; the first, if both have
  Permit permit;                         // unless drop
};

// Counts and rates of all clients; the cheapest check, made at accept. Sharded: any thread may call any function. It
// outlives its permits.
//
// A client is an IPv4 address or an IPv6 /64; IPv6 counts per /48 as well, at 8 times the limits. Both must have room,
// and a dropped connection takes nothing from either. Within its rate a client proceeds; as many again are refused with
// Reason::rate, which costs a handshake and so is counted too; the rest is dropped. Beyond its number of connections it
// is refused with Reason::client_sessions, and dropped beyond twice that.
class Limiter {
 public:
  // `table`: most clients remembered. When it is full of clients that cannot be forgotten (they hold permits or their
  // bucket is not full again), newcomers share one bucket and one count. Live permits are never evicted.
  explicit Limiter(const LimiterLimits& limits, std::size_t table = 1 << 16);
  ~Limiter();

  // No client: a peer on a Unix socket, exempt from what is counted per client. `random` is uniform in [0, 1): beyond
  // `pending`, connections are dropped with odds that rise from 30 % to all at twice `pending`.
  Entry enter(const std::optional<Address>& client, Instant now, double random);

  // Whom a permit counts for that entered without a client, once somebody who may say so has named it. The answer's own
  // permit is empty. `drop`: it counts for nobody still, and its client is beyond what is answered with more than that.
  Entry name(Permit& permit, const Address& client, Instant now);

  // New limits hold for what enters from now on.
  void set_limits(const LimiterLimits& limits);

  // The total of sessions is reached: promote() would fail.
  bool full() const;
  std::uint64_t sessions() const;
  std::uint64_t pending() const;
  std::size_t table_size() const;

 private:
  friend class Permit;
  bool promote();
  void leave(const Permit& permit);
  void count(const Address& client, Instant now, Entry& entry, Permit& permit);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace drawbridge::policy
