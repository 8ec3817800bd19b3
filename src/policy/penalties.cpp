#include "policy/penalties.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <mutex>
#include <unordered_map>

#include <boost/container/static_vector.hpp>
#include <boost/intrusive/set.hpp>

namespace drawbridge::policy {
namespace {

// Of a client that is shut out, between connections that are answered.
constexpr auto between_answers = std::chrono::seconds(1);

// Accounts that are empty, taken away when one is opened: few enough that no failure waits long.
constexpr int drops_a_newcomer = 8;

using Rules = std::shared_ptr<const config::Penalties>;
using Keys = boost::container::static_vector<ClientKey, 2>;

Keys keys_of(const Address& client) {
  Keys keys{client_key(client)};
  if (!client.is_v4()) keys.push_back(network_key(client));
  return keys;
}

bool is_exempt(const config::Penalties& rules, const Address& client) {
  return std::any_of(rules.exempt.begin(), rules.exempt.end(),
                     [&](const client::Network& network) { return network.contains(client); });
}

unsigned whole_seconds(Duration left) {
  constexpr Duration longest = std::chrono::hours(24);
  return static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(std::min(left, longest)).count());
}

Objection shut_out(const config::Penalties& rules, Duration left) {
  return {Reason::penalty, whole_seconds(left), rules.enforce};
}

// An account holds what is left until `empty`.
struct Account : boost::intrusive::set_base_hook<> {
  explicit Account(const ClientKey& whose) : key(whose) {}

  const ClientKey key;
  Instant empty = Instant::min();
  Instant answer_at = Instant::min();  // the earliest that a connection is answered again
  bool shut_out = false;               // until it is empty
};

struct EmptySooner {
  bool operator()(const Account& a, const Account& b) const { return a.empty < b.empty; }
};

// A part of the table.
class alignas(64) Shard {
 public:
  Shard(const ClientKeyHash& hash, std::size_t most, Rules rules)
      : capacity_(most), rules_(std::move(rules)), accounts_(0, hash) {}

  Rules rules() const {
    const std::lock_guard lock(mutex_);
    return rules_;
  }

  void set_rules(std::size_t most, Rules rules) {
    const std::lock_guard lock(mutex_);
    capacity_ = most;
    rules_ = std::move(rules);
    while (accounts_.size() > capacity_) drop_first();
  }

  // How long the client is shut out, if it is this failure that shuts it out.
  std::optional<Duration> add(const ClientKey& key, Duration penalty, Instant now) {
    const std::lock_guard lock(mutex_);
    const auto found = accounts_.find(key);
    const Instant from = found == accounts_.end() ? now : std::max(found->second.empty, now);
    const Instant empty = std::min(from + penalty, now + rules_->maximum);
    if (found == accounts_.end() && !make_room(empty, now)) return std::nullopt;
    Account& account = found == accounts_.end() ? accounts_.try_emplace(key, key).first->second : found->second;
    if (account.is_linked()) by_end_.erase(by_end_.iterator_to(account));
    const bool was_shut_out = account.shut_out && account.empty > now;
    account.empty = empty;
    by_end_.insert(account);
    account.shut_out = was_shut_out || empty - now >= rules_->minimum;
    if (!account.shut_out || was_shut_out) return std::nullopt;
    return empty - now;
  }

  // How long the client is shut out. With `answer`, takes the next answer that is due, or makes `answer` false.
  std::optional<Duration> look(const ClientKey& key, Instant now, bool* answer) {
    const std::lock_guard lock(mutex_);
    const auto found = accounts_.find(key);
    if (found == accounts_.end() || !found->second.shut_out || found->second.empty <= now) return std::nullopt;
    Account& account = found->second;
    if (answer && *answer) {
      *answer = now >= account.answer_at;
      if (*answer) account.answer_at = now + between_answers;
    }
    return account.empty - now;
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return accounts_.size();
  }

 private:
  // For an account that will be empty at `empty`. Those that are empty already are like none; more of them go than
  // come.
  bool make_room(Instant empty, Instant now) {
    for (int i = 0; i < drops_a_newcomer && !by_end_.empty() && by_end_.begin()->empty <= now; ++i) drop_first();
    if (accounts_.size() < capacity_) return true;
    if (by_end_.begin()->empty >= empty) return false;
    drop_first();
    return true;
  }

  void drop_first() {
    const ClientKey key = by_end_.begin()->key;
    by_end_.erase(by_end_.begin());
    accounts_.erase(key);
  }

  mutable std::mutex mutex_;
  std::size_t capacity_;  // at least 1
  Rules rules_;
  std::unordered_map<ClientKey, Account, ClientKeyHash> accounts_;
  boost::intrusive::multiset<Account, boost::intrusive::compare<EmptySooner>,
                             boost::intrusive::constant_time_size<false>>
      by_end_;
};

}  // namespace

std::optional<Duration> penalty_for(Reason reason, const config::Penalties& rules) {
  switch (reason) {
    case Reason::credential_invalid: return rules.credential;
    case Reason::protocol_error:
    case Reason::utf8: return rules.protocol;
    case Reason::tls_timeout:
    case Reason::head_timeout: return rules.timeout;
    case Reason::tls_error: return rules.tls;
    case Reason::origin: return rules.origin;
    case Reason::bad_request:
    case Reason::plain_http:
    case Reason::method:
    case Reason::no_route:
    case Reason::subprotocol:
    case Reason::misdirected:
    case Reason::target_too_long:
    case Reason::head_too_large: return rules.request;
    default: return std::nullopt;
  }
}

struct Penalties::State {
  explicit State(const config::Penalties& rules) {
    const std::size_t count = shards_for(rules.clients);
    const auto shared = std::make_shared<const config::Penalties>(rules);
    for (std::size_t i = 0; i < count; ++i) shards.emplace_back(hash, share(rules, count), shared);
  }

  // Of each shard.
  static std::size_t share(const config::Penalties& rules, std::size_t count) {
    return std::max<std::size_t>((rules.clients + count - 1) / count, 1);
  }

  Shard& shard_of(const ClientKey& key) { return shards[hash.shard(key, shards.size())]; }
  Rules rules() const { return shards.front().rules(); }

  // What stands against the client. With `answer`, it becomes whether the client is to be told so.
  std::optional<Objection> look(const Address& client, Instant now, bool* answer) {
    std::optional<Duration> left;
    for (const ClientKey& key : keys_of(client)) left = std::max(left, shard_of(key).look(key, now, answer));
    if (!left) return std::nullopt;
    // Exempt ones may be in a /48 that is not, or have become exempt since.
    const Rules now_in_force = rules();
    if (is_exempt(*now_in_force, client)) return std::nullopt;
    return shut_out(*now_in_force, *left);
  }

  ClientKeyHash hash;
  std::deque<Shard> shards;
};

Penalties::Penalties(const config::Penalties& rules) : state_(std::make_unique<State>(rules)) {}

Penalties::~Penalties() = default;

std::optional<Objection> Penalties::note(const std::optional<Address>& client, Reason failure, Instant now) {
  if (!client) return std::nullopt;
  const Rules rules = state_->rules();
  const auto penalty = penalty_for(failure, *rules);
  if (!penalty || is_exempt(*rules, *client)) return std::nullopt;
  std::optional<Duration> out;
  for (const ClientKey& key : keys_of(*client)) {
    out = std::max(out, state_->shard_of(key).add(key, *penalty / key.scale(), now));
  }
  if (!out) return std::nullopt;
  return shut_out(*rules, *out);
}

Knock Penalties::knock(const std::optional<Address>& client, Instant now) {
  Knock knock;
  if (!client) return knock;
  bool answer = true;
  knock.objection = state_->look(*client, now, &answer);
  if (refuses(knock.objection)) knock.action = answer ? Entry::Action::refuse : Entry::Action::drop;
  return knock;
}

std::optional<Objection> Penalties::objection(const std::optional<Address>& client, Instant now) const {
  if (!client) return std::nullopt;
  return state_->look(*client, now, nullptr);
}

void Penalties::set_rules(const config::Penalties& rules) {
  const auto shared = std::make_shared<const config::Penalties>(rules);
  const std::size_t share = State::share(rules, state_->shards.size());
  for (Shard& shard : state_->shards) shard.set_rules(share, shared);
}

std::size_t Penalties::table_size() const {
  std::size_t size = 0;
  for (const Shard& shard : state_->shards) size += shard.size();
  return size;
}

}  // namespace drawbridge::policy
