#include "policy/quotas.hpp"

#include "policy/quota_file.hpp"
#include "policy/rate.hpp"
#include "policy/seeded_hash.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <limits>
#include <mutex>
#include <unordered_map>
#include <utility>

#include <boost/intrusive/list.hpp>

namespace drawbridge::policy {
namespace {

constexpr auth::UnixSeconds seconds_a_day = 24 * 60 * 60;
// Sessions last, and so do days: there is no moment at which room is sure.
constexpr unsigned retry_when_all_sessions = 5;
constexpr unsigned retry_when_table_full = 60;
// A newcomer looks at so many of those that could be forgotten before it gives up finding room.
constexpr int tries_to_forget = 8;
constexpr std::uint64_t most_bytes = std::numeric_limits<std::int64_t>::max();

std::uint64_t sum(std::uint64_t a, std::uint64_t b) {
  return a > most_bytes - std::min(b, most_bytes) ? most_bytes : a + b;
}

// A quarter of a second at once, as for a session's own rates.
double burst(double rate) {
  return std::max(1.0, rate / 4);
}

// A moment, as days and the rest of one. Before 1970 it is 1970.
struct Moment {
  explicit Moment(auth::UnixSeconds now)
      : day(std::max<auth::UnixSeconds>(now, 0) / seconds_a_day),
        until_midnight(static_cast<unsigned>(seconds_a_day - std::max<auth::UnixSeconds>(now, 0) % seconds_a_day)) {}

  std::int64_t day;
  unsigned until_midnight;  // seconds, from 1
};

class QuotaKeyHash {
 public:
  std::size_t operator()(const QuotaKey& key) const noexcept {
    std::uint64_t first = 0;
    for (std::size_t i = 0; i < sizeof(first); ++i) first = first << 8 | key[i];
    return static_cast<std::size_t>(hash_(first, 0));
  }

 private:
  SeededHash hash_;
};

}  // namespace

struct CountedIdentity : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  explicit CountedIdentity(const QuotaKey& its_key) : key(its_key) {}

  // What counts for the day that it is.
  std::uint64_t bytes_of(std::int64_t today) const { return daily && day == today ? bytes : 0; }

  void turn_to(std::int64_t today) {
    if (day != today) bytes = 0;
    day = today;
  }

  void hold_to(const config::Quotas& newest, Instant now) {
    quotas = newest;
    daily = quotas.bytes_per_day.has_value();
    if (!quotas.rate) {
      bucket.reset();
    } else if (bucket) {
      bucket->reshape(*quotas.rate, burst(*quotas.rate));
    } else {
      bucket.emplace(*quotas.rate, burst(*quotas.rate), now);
    }
  }

  // A session that `sessions` counts already: what stands against it.
  void admit(const config::Quotas& newest, Instant now, const Moment& moment, Joined& joined) {
    const std::lock_guard lock(mutex);
    turn_to(moment.day);
    hold_to(newest, now);
    if (quotas.bytes_per_day && bytes >= *quotas.bytes_per_day) {
      joined.objection = Objection{Reason::quota, moment.until_midnight, quotas.enforce};
      joined.rule = bytes_per_day_rule;
    } else if (quotas.sessions && sessions > *quotas.sessions) {
      joined.objection = Objection{Reason::quota, retry_when_all_sessions, quotas.enforce};
      joined.rule = sessions_rule;
    }
  }

  Spent spend(std::uint64_t amount, Instant now, const Moment& moment) {
    const std::lock_guard lock(mutex);
    Spent spent{now, false, {}};
    turn_to(moment.day);
    bytes = sum(bytes, amount);
    if (bucket) shape(static_cast<double>(amount), now, spent);
    if (quotas.bytes_per_day && bytes > *quotas.bytes_per_day) {
      spent.objection = Objection{Reason::quota, moment.until_midnight, quotas.enforce};
    }
    return spent;
  }

  // Where nobody is slowed nothing may be owed, or all would seem slowed for ever.
  void shape(double amount, Instant now, Spent& spent) {
    if (quotas.enforce) {
      bucket->take(amount, now);
      spent.ready = bucket->ready_at(now);
      spent.slowed = spent.ready > now;
    } else {
      spent.slowed = !bucket->try_take(std::min(amount, burst(*quotas.rate)), now);
    }
  }

  const QuotaKey key;
  std::uint64_t sessions = 0;  // at once; guarded by the table's mutex

  // Guards all of the below. Taken after the table's.
  std::mutex mutex;
  config::Quotas quotas;
  std::optional<TokenBucket> bucket;  // of the rate
  std::uint64_t bytes = 0;            // of the day
  std::int64_t day = 0;
  bool daily = false;  // the bytes of a day are limited, or were when they were saved
};

struct Quotas::State {
  using Idle = boost::intrusive::list<CountedIdentity, boost::intrusive::constant_time_size<false>>;

  State(std::size_t capacity, auth::UnixSeconds now) : most(capacity), unix_time(now) {}

  Moment moment() const { return Moment(unix_time.load(std::memory_order_relaxed)); }

  // Null if there is no room, nor anybody to be forgotten.
  CountedIdentity* hold(const QuotaKey& key, Instant now) {
    auto found = identities.find(key);
    if (found == identities.end()) {
      if (identities.size() >= most && !forget_one(now)) return nullptr;
      found = identities.try_emplace(key, key).first;
    }
    CountedIdentity& identity = found->second;
    identity.unlink();
    ++identity.sessions;
    return &identity;
  }

  void let_go(CountedIdentity& identity) {
    if (--identity.sessions > 0) return;
    const std::lock_guard lock(identity.mutex);
    list(identity, moment().day);
  }

  void list(CountedIdentity& identity, std::int64_t today) {
    (identity.bytes_of(today) > 0 ? spenders : others).push_back(identity);
  }

  bool forget_one(Instant now) {
    const std::int64_t today = moment().day;
    // Listed as they left, those of another day are in front.
    if (!spenders.empty() && can_be_forgotten(spenders.front(), today, now)) return forget(spenders.front());
    int tries = tries_to_forget;
    for (auto identity = others.begin(); identity != others.end() && tries > 0; ++identity, --tries) {
      if (can_be_forgotten(*identity, today, now)) return forget(*identity);
    }
    return false;
  }

  // Like one that never came.
  static bool can_be_forgotten(CountedIdentity& identity, std::int64_t today, Instant now) {
    const std::lock_guard lock(identity.mutex);
    return identity.bytes_of(today) == 0 && (!identity.bucket || identity.bucket->full(now));
  }

  bool forget(CountedIdentity& identity) {
    const QuotaKey key = identity.key;
    identities.erase(key);  // which takes it out of its list, too
    return true;
  }

  mutable std::mutex mutex;  // guards all but the time
  std::size_t most;
  std::unordered_map<QuotaKey, CountedIdentity, QuotaKeyHash> identities;
  // Without sessions, in the order in which they left.
  Idle spenders;  // who spent bytes of the day's, that day
  Idle others;
  std::atomic<auth::UnixSeconds> unix_time;
};

IdentityShare::IdentityShare(IdentityShare&& other) noexcept
    : quotas_(std::exchange(other.quotas_, nullptr)),
      identity_(std::exchange(other.identity_, nullptr)),
      told_(std::exchange(other.told_, false)) {}

IdentityShare& IdentityShare::operator=(IdentityShare&& other) noexcept {
  IdentityShare taken(std::move(other));
  std::swap(quotas_, taken.quotas_);
  std::swap(identity_, taken.identity_);
  std::swap(told_, taken.told_);
  return *this;
}

IdentityShare::~IdentityShare() {
  release();
}

void IdentityShare::release() {
  if (!quotas_) return;
  {
    const std::lock_guard lock(quotas_->state_->mutex);
    quotas_->state_->let_go(*identity_);
  }
  quotas_ = nullptr;
  identity_ = nullptr;
  told_ = false;
}

Spent IdentityShare::spend(std::uint64_t bytes, Instant now) {
  if (!quotas_) return {now, false, {}};
  Spent spent = identity_->spend(bytes, now, quotas_->state_->moment());
  if (only_told(spent.objection) && std::exchange(told_, true)) spent.objection.reset();
  return spent;
}

Quotas::Quotas(std::size_t identities, auth::UnixSeconds now) : state_(std::make_unique<State>(identities, now)) {}

Quotas::~Quotas() {
  assert(std::all_of(state_->identities.begin(), state_->identities.end(),
                     [](const auto& entry) { return entry.second.sessions == 0; }));
}

void Quotas::set_time(auth::UnixSeconds now) {
  state_->unix_time.store(now, std::memory_order_relaxed);
}

void Quotas::set_identities(std::size_t identities) {
  const std::lock_guard lock(state_->mutex);
  state_->most = identities;
}

Joined Quotas::join(std::string_view route, const config::Quotas& quotas, std::string_view identity, Instant now) {
  Joined joined;
  if (!quotas.any()) return joined;
  const QuotaKey key = quota_key(route, identity);
  const std::lock_guard lock(state_->mutex);
  CountedIdentity* const counted = state_->hold(key, now);
  if (!counted) {
    joined.objection = Objection{Reason::quota, retry_when_table_full, quotas.enforce};
    joined.rule = identities_rule;
    return joined;
  }
  counted->admit(quotas, now, state_->moment(), joined);
  if (refuses(joined.objection)) {
    state_->let_go(*counted);
  } else {
    joined.share.quotas_ = this;
    joined.share.identity_ = counted;
    joined.share.told_ = only_told(joined.objection);
  }
  return joined;
}

std::string Quotas::save() const {
  QuotaDay day{.day = state_->moment().day, .used = {}};
  {
    const std::lock_guard lock(state_->mutex);
    for (auto& [key, identity] : state_->identities) {
      const std::lock_guard identity_lock(identity.mutex);
      if (const std::uint64_t bytes = identity.bytes_of(day.day); bytes > 0) day.used.push_back({key, bytes});
    }
  }
  std::sort(day.used.begin(), day.used.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return write_quota_file(day);
}

bool Quotas::restore(std::string_view saved, std::string& why) {
  const std::lock_guard lock(state_->mutex);
  const auto read = read_quota_file(saved, state_->most, why);
  if (!read) return false;
  if (read->day != state_->moment().day) return true;
  if (state_->identities.size() + read->used.size() > state_->most) {
    why = "holds more identities than there is room for";
    return false;
  }
  for (const QuotaDay::Use& use : read->used) {
    CountedIdentity& identity = state_->identities.try_emplace(use.key, use.key).first->second;
    const std::lock_guard identity_lock(identity.mutex);
    identity.turn_to(read->day);
    identity.daily = true;
    identity.bytes = sum(identity.bytes, use.bytes);
    if (identity.sessions > 0) continue;
    identity.unlink();
    state_->list(identity, read->day);
  }
  return true;
}

std::size_t Quotas::table_size() const {
  const std::lock_guard lock(state_->mutex);
  return state_->identities.size();
}

}  // namespace drawbridge::policy
