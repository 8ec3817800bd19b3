#pragma once

#include "auth/principal.hpp"
#include "base/time.hpp"
#include "config/config.hpp"
#include "policy/enforcement.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::policy {

// The keys of the configuration that object.
constexpr std::string_view sessions_rule = "quotas.sessions";
constexpr std::string_view bytes_per_day_rule = "quotas.bytes_per_day";
constexpr std::string_view identities_rule = "limits.identities";

class Quotas;
struct CountedIdentity;  // what the table remembers of an identity on a route

// What it came to that bytes were spent.
struct Spent {
  Instant ready{};      // no more is to be read before: the identity's rate; `never` if that takes a century
  bool slowed = false;  // the rate has it wait, or would if it were enforced; to be counted
  // The day's bytes are exceeded: the session ends for it (Lifecycle::cut), if it is enforced. One that is not is told
  // once a session.
  std::optional<Objection> objection;
};

// A session's part in its identity's quotas: counted when it joins, given back when it dies, wherever and on whichever
// thread. Only one thread at a time may use it.
class IdentityShare {
 public:
  IdentityShare() = default;
  IdentityShare(IdentityShare&& other) noexcept;
  IdentityShare& operator=(IdentityShare&& other) noexcept;
  ~IdentityShare();

  // Without quotas there is nothing to count, and nothing to hold.
  explicit operator bool() const { return quotas_ != nullptr; }
  // Payload bytes that crossed, whichever way, since the last call: once a turn, and before it dies. Takes a lock that
  // only the identity's own sessions share. With no share nothing is counted and nothing stands against it.
  Spent spend(std::uint64_t bytes, Instant now);
  void release();

 private:
  friend class Quotas;
  Quotas* quotas_ = nullptr;
  CountedIdentity* identity_ = nullptr;
  bool told_ = false;
};

struct Joined {
  IdentityShare share;                 // none if refused, or if there is nothing to count
  std::optional<Objection> objection;  // Reason::quota; also where it is not enforced, and the session goes on
  std::string_view rule;               // the key of the configuration that objects; empty: none
};

// What identities may use (config::Quotas), for each route on its own. Any thread may call any function. It outlives
// its shares.
//
// The table is bounded. Those with sessions are in it, and those who spent bytes of the day where a day's bytes are
// limited; others are forgotten for newcomers. When there is nobody to forget, newcomers are refused: nobody goes
// uncounted where quotas are enforced. It keeps no name: identities are in it by digest.
class Quotas {
 public:
  // `identities`: most that are counted, each once for each route.
  Quotas(std::size_t identities, auth::UnixSeconds now);
  ~Quotas();

  // The time of day, at least every few seconds: at midnight UTC each identity has its day's bytes again. Costs next to
  // nothing.
  void set_time(auth::UnixSeconds now);
  void set_identities(std::size_t identities);

  // A session begins: after its credential is good, before the backend is dialled. The quotas hold for all sessions of
  // the identity on the route from now on: the last to join brings those of the latest configuration.
  Joined join(std::string_view route, const config::Quotas& quotas, std::string_view identity, Instant now);

  // What the day's bytes come to, for a file that outlives a restart (policy/quota_file).
  std::string save() const;
  // Adds what save() wrote, before any session joins. A file of another day is good, and nothing is taken from it.
  // False, nothing taken, and the end of the sentence "the file …" in `why`, if it is damaged or not ours.
  bool restore(std::string_view saved, std::string& why);

  std::size_t table_size() const;

 private:
  friend class IdentityShare;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace drawbridge::policy
