#include "policy/limiter.hpp"

#include "policy/rate.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cmath>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <utility>

#include <boost/intrusive/list.hpp>

namespace drawbridge::policy {
namespace {

// A newcomer looks at so many of the clients that hold nothing before it gives up finding room: a flood costs no
// search.
constexpr int tries_to_forget = 8;

struct Shard;

}  // namespace

struct CountedClient : boost::intrusive::list_base_hook<> {
  CountedClient(Shard& home, const ClientKey& its_key, const LimiterLimits& limits, Instant now);

  double rate(const LimiterLimits& limits) const {
    return limits.handshakes_per_client * static_cast<double>(key.scale());
  }
  double burst(const LimiterLimits& limits) const {
    return static_cast<double>(std::max<std::uint64_t>(limits.handshake_burst, 1) * key.scale());
  }
  std::uint64_t most_connections(const LimiterLimits& limits) const { return limits.sessions_per_client * key.scale(); }

  Shard& shard;  // its mutex guards all of the below
  const ClientKey key;
  std::uint64_t connections = 0;
  TokenBucket handshakes;  // that proceed
  TokenBucket refusals;    // handshakes that only tell the client to slow down
};

namespace {

// A part of the table.
struct alignas(64) Shard {
  Shard(const ClientKeyHash& hash, std::size_t most, const LimiterLimits& its_limits)
      : capacity(most), limits(its_limits), clients(0, hash) {}

  // Null if there is no room, nor anybody to be forgotten.
  CountedClient* hold(const ClientKey& key, Instant now) {
    auto found = clients.find(key);
    if (found == clients.end()) {
      if (clients.size() >= capacity && !forget_one(now)) return nullptr;
      found = clients.try_emplace(key, *this, key, limits, now).first;
    }
    CountedClient& client = found->second;
    if (client.is_linked()) idle.erase(idle.iterator_to(client));
    ++client.connections;
    return &client;
  }

  void let_go(CountedClient& client) {
    if (--client.connections == 0) idle.push_back(client);
  }

  // A client whose buckets are full again is like one that never came.
  bool forget_one(Instant now) {
    int tries = tries_to_forget;
    for (auto client = idle.begin(); client != idle.end() && tries > 0; ++client, --tries) {
      if (!client->handshakes.full(now) || !client->refusals.full(now)) continue;
      const ClientKey key = client->key;
      idle.erase(client);
      clients.erase(key);
      return true;
    }
    return false;
  }

  void set_limits(const LimiterLimits& new_limits) {
    limits = new_limits;
    for (auto& [key, client] : clients) {
      client.handshakes.reshape(client.rate(limits), client.burst(limits));
      client.refusals.reshape(client.rate(limits), client.burst(limits));
    }
  }

  std::mutex mutex;
  const std::size_t capacity;
  LimiterLimits limits;
  std::unordered_map<ClientKey, CountedClient, ClientKeyHash> clients;
  // Those that hold no permit, the coldest first. The others are in no list, so that long sessions, cold as they are,
  // do not stand between a newcomer and those that can be forgotten.
  boost::intrusive::list<CountedClient, boost::intrusive::constant_time_size<false>> idle;
};

// As sshd's MaxStartups: under a flood of openings some real ones still come through.
bool dropped_early(std::uint64_t pending, std::uint64_t most, double random) {
  if (pending < most) return false;
  const double over = most == 0 ? 1 : static_cast<double>(pending - most) / static_cast<double>(most);
  return random < 0.3 + 0.7 * over;
}

bool has_token(TokenBucket& bucket, Instant now) {
  return bucket.seconds_until(1, now) <= 0;
}

unsigned whole_seconds(double seconds) {
  constexpr double longest = 24 * 60 * 60;
  return static_cast<unsigned>(std::ceil(std::clamp(seconds, 1.0, longest)));
}

// Everybody concerned must have room; what is taken, is taken from all of them. Their mutexes are held, and their
// connections count this one already.
template <class Clients>
void judge(const Clients& clients, const LimiterLimits& limits, Instant now, Entry& entry) {
  const auto all = [&](auto&& holds) { return std::all_of(clients.begin(), clients.end(), holds); };
  const auto drop = [&](Reason reason) {
    entry.action = Entry::Action::drop;
    entry.reason = reason;
  };
  const auto refuse = [&](Reason reason) {
    entry.action = Entry::Action::refuse;
    entry.reason = reason;
  };

  const auto has_room = [&](std::uint64_t times) {
    return all([&](const CountedClient* c) { return c->connections <= times * c->most_connections(limits); });
  };

  if (limits.enforce_sessions_per_client && !has_room(2)) return drop(Reason::client_sessions);
  if (all([&](CountedClient* c) { return has_token(c->handshakes, now); })) {
    for (CountedClient* c : clients) c->handshakes.take(1, now);
  } else if (!limits.enforce_handshakes_per_client) {
    entry.only_told = Reason::rate;
  } else if (all([&](CountedClient* c) { return has_token(c->refusals, now); })) {
    double wait = 0;
    for (CountedClient* c : clients) {
      c->refusals.take(1, now);
      wait = std::max(wait, c->handshakes.seconds_until(1, now));
    }
    entry.retry_after = whole_seconds(wait);
    return refuse(Reason::rate);
  } else {
    return drop(Reason::rate);
  }
  if (!has_room(1)) {
    if (limits.enforce_sessions_per_client) return refuse(Reason::client_sessions);
    if (!entry.only_told) entry.only_told = Reason::client_sessions;
  }
  entry.action = Entry::Action::proceed;
}

}  // namespace

CountedClient::CountedClient(Shard& home, const ClientKey& its_key, const LimiterLimits& limits, Instant now)
    : shard(home),
      key(its_key),
      handshakes(rate(limits), burst(limits), now),
      refusals(rate(limits), burst(limits), now) {}

struct Limiter::State {
  State(const LimiterLimits& limits, std::size_t table)
      : most_pending(limits.pending), most_sessions(limits.sessions), overflow(hash, 1, limits) {
    const std::size_t count = shards_for(table);
    for (std::size_t i = 0; i < count; ++i) {
      shards.emplace_back(hash, table / count + (i < table % count ? 1 : 0), limits);
    }
  }

  Shard& shard_of(const ClientKey& key) { return shards[hash.shard(key, shards.size())]; }

  // Lock order: shards (two at once through std::lock), then the overflow.
  void enter_v4(const Address& address, Instant now, Entry& entry, CountedClient*& client) {
    const ClientKey key = client_key(address);
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    client = shard.hold(key, now);
    if (client) return judge(std::array{client}, shard.limits, now, entry);
    const std::lock_guard overflow_lock(overflow.mutex);
    client = overflow.hold(ClientKey{}, now);
    judge(std::array{client}, overflow.limits, now, entry);
  }

  void enter_v6(const Address& address, Instant now, Entry& entry, CountedClient*& client, CountedClient*& network) {
    const ClientKey key = client_key(address);
    const ClientKey wide_key = network_key(address);
    Shard& shard = shard_of(key);
    Shard& wide_shard = shard_of(wide_key);
    std::unique_lock lock(shard.mutex, std::defer_lock);
    std::unique_lock wide_lock(wide_shard.mutex, std::defer_lock);
    if (&shard == &wide_shard) {
      lock.lock();
    } else {
      std::lock(lock, wide_lock);
    }
    network = wide_shard.hold(wide_key, now);
    client = shard.hold(key, now);
    if (client && network) return judge(std::array{client, network}, shard.limits, now, entry);
    const std::lock_guard overflow_lock(overflow.mutex);
    CountedClient*& missing = client ? network : client;
    missing = overflow.hold(ClientKey{}, now);
    if (client && network) return judge(std::array{client, network}, shard.limits, now, entry);
    judge(std::array{missing}, shard.limits, now, entry);
  }

  ClientKeyHash hash;
  std::atomic<std::uint64_t> pending{0};
  std::atomic<std::uint64_t> sessions{0};
  std::atomic<std::uint64_t> most_pending;
  std::atomic<std::uint64_t> most_sessions;
  std::deque<Shard> shards;
  Shard overflow;  // one client: all the newcomers that found their shard full
};

Permit::Permit(Permit&& other) noexcept
    : limiter_(std::exchange(other.limiter_, nullptr)),
      client_(std::exchange(other.client_, nullptr)),
      network_(std::exchange(other.network_, nullptr)),
      promoted_(std::exchange(other.promoted_, false)) {}

Permit& Permit::operator=(Permit&& other) noexcept {
  Permit taken(std::move(other));
  std::swap(limiter_, taken.limiter_);
  std::swap(client_, taken.client_);
  std::swap(network_, taken.network_);
  std::swap(promoted_, taken.promoted_);
  return *this;
}

Permit::~Permit() {
  release();
}

bool Permit::promote() {
  if (!promoted_ && limiter_) promoted_ = limiter_->promote();
  return promoted_;
}

void Permit::release() {
  if (!limiter_) return;
  limiter_->leave(*this);
  limiter_ = nullptr;
  client_ = network_ = nullptr;
  promoted_ = false;
}

Limiter::Limiter(const LimiterLimits& limits, std::size_t table) : state_(std::make_unique<State>(limits, table)) {}

Limiter::~Limiter() {
  assert(pending() == 0 && sessions() == 0);
}

Entry Limiter::enter(const std::optional<Address>& client, Instant now, double random) {
  Entry entry;
  Permit permit;  // gives back what was counted if the connection is dropped
  const std::uint64_t pending = state_->pending.fetch_add(1);
  permit.limiter_ = this;
  if (dropped_early(pending, state_->most_pending, random)) return entry;

  if (client) {
    count(*client, now, entry, permit);
  } else {
    entry.action = Entry::Action::proceed;
  }
  if (entry.action != Entry::Action::drop) entry.permit = std::move(permit);
  return entry;
}

Entry Limiter::name(Permit& permit, const Address& client, Instant now) {
  assert(permit && !permit.promoted_ && !permit.client_);
  Entry entry;
  Permit named;  // for a moment it is pending twice
  ++state_->pending;
  named.limiter_ = this;
  count(client, now, entry, named);
  if (entry.action != Entry::Action::drop) permit = std::move(named);
  return entry;
}

void Limiter::count(const Address& client, Instant now, Entry& entry, Permit& permit) {
  if (client.is_v4()) {
    state_->enter_v4(client, now, entry, permit.client_);
  } else {
    state_->enter_v6(client, now, entry, permit.client_, permit.network_);
  }
}

void Limiter::set_limits(const LimiterLimits& limits) {
  state_->most_pending = limits.pending;
  state_->most_sessions = limits.sessions;
  const auto set = [&](Shard& shard) {
    const std::lock_guard lock(shard.mutex);
    shard.set_limits(limits);
  };
  for (Shard& shard : state_->shards) set(shard);
  set(state_->overflow);
}

bool Limiter::full() const {
  return state_->sessions >= state_->most_sessions;
}

std::uint64_t Limiter::sessions() const {
  return state_->sessions;
}

std::uint64_t Limiter::pending() const {
  return state_->pending;
}

std::size_t Limiter::table_size() const {
  std::size_t size = 0;
  for (Shard& shard : state_->shards) {
    const std::lock_guard lock(shard.mutex);
    size += shard.clients.size();
  }
  return size;
}

bool Limiter::promote() {
  std::uint64_t sessions = state_->sessions;
  do {
    if (sessions >= state_->most_sessions) return false;
  } while (!state_->sessions.compare_exchange_weak(sessions, sessions + 1));
  --state_->pending;
  return true;
}

void Limiter::leave(const Permit& permit) {
  for (CountedClient* client : {permit.client_, permit.network_}) {
    if (!client) continue;
    Shard& shard = client->shard;
    const std::lock_guard lock(shard.mutex);
    shard.let_go(*client);
  }
  --(permit.promoted_ ? state_->sessions : state_->pending);
}

}  // namespace drawbridge::policy
