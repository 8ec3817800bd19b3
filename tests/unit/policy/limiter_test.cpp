#include "policy/limiter.hpp"

#include "unit/policy/addresses.hpp"

#include <ostream>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace drawbridge::policy {

std::ostream& operator<<(std::ostream& out, Entry::Action action) {
  switch (action) {
    case Entry::Action::proceed: return out << "proceed";
    case Entry::Action::refuse: return out << "refuse";
    case Entry::Action::drop: return out << "drop";
  }
  return out;
}

namespace {

using namespace std::chrono_literals;
using enum Entry::Action;

constexpr Instant start{};
constexpr double unlucky = 0;
constexpr std::uint64_t many = 1'000'000;

// Nothing in the way; each test tightens what it is about.
LimiterLimits wide() {
  return {.sessions = many,
          .pending = many,
          .sessions_per_client = many,
          .handshakes_per_client = 1e6,
          .handshake_burst = many};
}

struct Counts {
  int proceed = 0, refuse = 0, drop = 0;
  bool operator==(const Counts&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Counts& counts) {
  return out << counts.proceed << " proceed, " << counts.refuse << " refused, " << counts.drop << " dropped";
}

// Enters `times`, keeping the permits in `held` if given; every refusal and drop must be for `reason`.
Counts enter_often(Limiter& limiter, std::optional<Address> client, Instant now, int times, Reason reason,
                   std::vector<Permit>* held = nullptr) {
  Counts counts;
  for (int i = 0; i < times; ++i) {
    Entry entry = limiter.enter(client, now, unlucky);
    BOOST_TEST_REQUIRE(bool(entry.permit) == (entry.action != drop));
    if (entry.action == proceed) {
      ++counts.proceed;
    } else {
      BOOST_TEST_REQUIRE(word(entry.reason) == word(reason));
      ++(entry.action == refuse ? counts.refuse : counts.drop);
    }
    if (held && entry.permit) held->push_back(std::move(entry.permit));
  }
  return counts;
}

BOOST_AUTO_TEST_SUITE(limiter)

BOOST_AUTO_TEST_CASE(knows_ipv4_by_its_mapped_form_only) {
  BOOST_TEST(v4(0).is_v4());
  BOOST_TEST(v4(0xffffffff).is_v4());
  BOOST_TEST(!v6(0, 1).is_v4());
  BOOST_TEST(!v6(0, 0x7f000001).is_v4());  // the deprecated "compatible" form
  BOOST_TEST(!v6(1, 0xffff'7f000001).is_v4());
  BOOST_TEST((v6(0, 0xffff'7f000001) == v4(0x7f000001)));
}

BOOST_AUTO_TEST_CASE(a_permit_counts_from_accept_to_its_end) {
  Limiter limiter(wide());
  {
    Entry entry = limiter.enter(v4(1), start, unlucky);
    BOOST_TEST(entry.action == proceed);
    BOOST_TEST(limiter.pending() == 1U);
    BOOST_TEST(limiter.sessions() == 0U);
    BOOST_TEST(entry.permit.promote());
    BOOST_TEST(entry.permit.promote());
    BOOST_TEST(limiter.pending() == 0U);
    BOOST_TEST(limiter.sessions() == 1U);
  }
  BOOST_TEST(limiter.pending() == 0U);
  BOOST_TEST(limiter.sessions() == 0U);
}

BOOST_AUTO_TEST_CASE(a_permit_is_small) {
  BOOST_TEST(sizeof(Permit) <= 48U);
}

BOOST_AUTO_TEST_CASE(a_moved_permit_is_given_back_once) {
  Limiter limiter(wide());
  Permit first = limiter.enter(v4(1), start, unlucky).permit;
  Permit second = std::move(first);
  BOOST_TEST(!first);  // NOLINT(bugprone-use-after-move): that is what is tested
  BOOST_TEST(!first.promote());
  BOOST_TEST(bool(second));
  first.release();
  BOOST_TEST(limiter.pending() == 1U);

  Permit third = limiter.enter(v4(2), start, unlucky).permit;
  BOOST_TEST(third.promote());
  third = std::move(second);  // gives its own back
  BOOST_TEST(limiter.sessions() == 0U);
  BOOST_TEST(limiter.pending() == 1U);
  Permit& same = third;
  third = std::move(same);
  BOOST_TEST(bool(third));
  BOOST_TEST(limiter.pending() == 1U);
  third.release();
  third.release();
  BOOST_TEST(limiter.pending() == 0U);
}

BOOST_AUTO_TEST_CASE(promotes_up_to_the_total_of_sessions) {
  LimiterLimits limits = wide();
  limits.sessions = 2;
  Limiter limiter(limits);
  std::vector<Permit> permits;
  enter_often(limiter, v4(1), start, 3, Reason::full, &permits);
  BOOST_TEST(permits[0].promote());
  BOOST_TEST(!limiter.full());
  BOOST_TEST(permits[1].promote());
  BOOST_TEST(limiter.full());
  BOOST_TEST(!permits[2].promote());
  BOOST_TEST(limiter.sessions() == 2U);
  BOOST_TEST(limiter.pending() == 1U);
  permits[0].release();
  BOOST_TEST(!limiter.full());
  BOOST_TEST(permits[2].promote());
  BOOST_TEST(limiter.sessions() == 2U);
  BOOST_TEST(limiter.pending() == 0U);
}

BOOST_AUTO_TEST_CASE(up_to_twice_over_the_rate_is_told_and_beyond_is_dropped) {
  LimiterLimits limits = wide();
  limits.handshakes_per_client = 10;
  limits.handshake_burst = 20;
  Limiter limiter(limits);
  const auto at = [&](Instant now) { return enter_often(limiter, v4(1), now, 100, Reason::rate); };
  BOOST_TEST(at(start) == (Counts{20, 20, 60}));
  BOOST_TEST(at(start) == (Counts{0, 0, 100}));
  BOOST_TEST(at(start + 1s) == (Counts{10, 10, 80}));
  BOOST_TEST(at(start + 1min) == (Counts{20, 20, 60}));
  // Another client is not concerned.
  BOOST_TEST(enter_often(limiter, v4(2), start + 1min, 20, Reason::rate) == (Counts{20, 0, 0}));
}

BOOST_AUTO_TEST_CASE(a_client_just_over_its_rate_is_never_dropped) {
  LimiterLimits limits = wide();
  limits.handshakes_per_client = 10;
  limits.handshake_burst = 10;
  Limiter limiter(limits);
  Counts all;
  for (Instant now = start; now < start + 60s; now += 55ms) {  // 18 a second
    const Counts one = enter_often(limiter, v4(1), now, 1, Reason::rate);
    all.proceed += one.proceed;
    all.refuse += one.refuse;
    all.drop += one.drop;
  }
  BOOST_TEST(all.drop == 0);
  BOOST_TEST(all.proceed >= 600);
  BOOST_TEST(all.proceed <= 610);
}

BOOST_AUTO_TEST_CASE(tells_in_how_many_seconds_the_rate_permits_the_next) {
  LimiterLimits limits = wide();
  limits.handshakes_per_client = 0.1;
  limits.handshake_burst = 1;
  Limiter limiter(limits);
  enter_often(limiter, v4(1), start, 1, Reason::rate);
  const Entry entry = limiter.enter(v4(1), start + 2500ms, unlucky);
  BOOST_TEST(entry.action == refuse);
  BOOST_TEST(entry.retry_after == 8U);  // 7.5 s, and never too early

  limits.handshakes_per_client = 50;
  Limiter quick(limits);
  enter_often(quick, v4(1), start, 1, Reason::rate);
  BOOST_TEST(quick.enter(v4(1), start, unlucky).retry_after == 1U);
}

BOOST_AUTO_TEST_CASE(beyond_its_connections_a_client_is_told_and_beyond_twice_them_dropped) {
  LimiterLimits limits = wide();
  limits.sessions_per_client = 3;
  Limiter limiter(limits);
  std::vector<Permit> held;
  BOOST_TEST(enter_often(limiter, v4(1), start, 10, Reason::client_sessions, &held) == (Counts{3, 3, 4}));
  BOOST_TEST(limiter.pending() == 6U);
  for (Permit& permit : held) permit.promote();
  BOOST_TEST(enter_often(limiter, v4(1), start, 1, Reason::client_sessions) == (Counts{0, 0, 1}));
  BOOST_TEST(enter_often(limiter, v4(2), start, 1, Reason::client_sessions) == (Counts{1, 0, 0}));
  held.resize(2);
  BOOST_TEST(enter_often(limiter, v4(1), start, 5, Reason::client_sessions, &held) == (Counts{1, 3, 1}));
}

BOOST_AUTO_TEST_CASE(a_client_that_is_told_of_its_connections_has_still_paid_for_the_handshake) {
  LimiterLimits limits = wide();
  limits.sessions_per_client = 1;
  limits.handshakes_per_client = 1;
  limits.handshake_burst = 5;
  Limiter limiter(limits);
  const Permit session = limiter.enter(v4(1), start, unlucky).permit;
  BOOST_TEST(enter_often(limiter, v4(1), start, 4, Reason::client_sessions) == (Counts{0, 4, 0}));
  BOOST_TEST(enter_often(limiter, v4(1), start, 9, Reason::rate) == (Counts{0, 5, 4}));
}

BOOST_AUTO_TEST_CASE(beyond_pending_connections_are_dropped_with_rising_odds) {
  LimiterLimits limits = wide();
  limits.pending = 10;
  Limiter limiter(limits);
  std::vector<Permit> held;
  const auto enter = [&](double random) {
    Entry entry = limiter.enter(v4(1), start, random);
    if (entry.permit) held.push_back(std::move(entry.permit));
    if (entry.action == drop) BOOST_TEST(word(entry.reason) == "pending_full");
    return entry.action;
  };
  for (int i = 0; i < 10; ++i) BOOST_TEST(enter(0) == proceed);
  BOOST_TEST(enter(0.299) == drop);
  BOOST_TEST(enter(0.301) == proceed);
  for (int i = 0; i < 4; ++i) BOOST_TEST(enter(0.9999) == proceed);
  BOOST_TEST(limiter.pending() == 15U);
  BOOST_TEST(enter(0.649) == drop);
  BOOST_TEST(enter(0.651) == proceed);
  for (int i = 0; i < 4; ++i) BOOST_TEST(enter(0.9999) == proceed);
  BOOST_TEST(limiter.pending() == 20U);
  BOOST_TEST(enter(0.9999999) == drop);
  // Sessions are not pending.
  for (Permit& permit : held) BOOST_TEST(permit.promote());
  BOOST_TEST(enter(0) == proceed);
}

BOOST_AUTO_TEST_CASE(no_pending_at_all_lets_nobody_in) {
  LimiterLimits limits = wide();
  limits.pending = 0;
  Limiter limiter(limits);
  BOOST_TEST(limiter.enter(v4(1), start, 0.9999999).action == drop);
  BOOST_TEST(limiter.pending() == 0U);
}

BOOST_AUTO_TEST_CASE(what_pending_drops_costs_the_client_nothing) {
  LimiterLimits limits = wide();
  limits.pending = 1;
  limits.handshake_burst = 2;
  limits.handshakes_per_client = 0.001;
  Limiter limiter(limits);
  {
    const Permit other = limiter.enter(v4(9), start, unlucky).permit;
    BOOST_TEST(enter_often(limiter, v4(1), start, 100, Reason::pending_full) == (Counts{0, 0, 100}));
    BOOST_TEST(limiter.table_size() == 1U);
  }
  BOOST_TEST(enter_often(limiter, v4(1), start, 5, Reason::rate) == (Counts{2, 2, 1}));
}

BOOST_AUTO_TEST_CASE(a_peer_without_a_client_is_held_to_the_totals_only) {
  LimiterLimits limits = wide();
  limits.pending = 100;
  limits.sessions = 1;
  limits.sessions_per_client = 1;
  limits.handshake_burst = 1;
  limits.handshakes_per_client = 0.001;
  Limiter limiter(limits);
  std::vector<Permit> held;
  BOOST_TEST(enter_often(limiter, std::nullopt, start, 101, Reason::pending_full, &held) == (Counts{100, 0, 1}));
  BOOST_TEST(held[0].promote());
  BOOST_TEST(!held[1].promote());
  BOOST_TEST(limiter.table_size() == 0U);
}

BOOST_AUTO_TEST_CASE(an_ipv6_client_is_a_64) {
  LimiterLimits limits = wide();
  limits.sessions_per_client = 2;
  Limiter limiter(limits);
  std::vector<Permit> held;
  BOOST_TEST(enter_often(limiter, v6(0x20010db8'00010001, 1), start, 2, Reason::client_sessions, &held) ==
             (Counts{2, 0, 0}));
  BOOST_TEST(enter_often(limiter, v6(0x20010db8'00010001, ~0ULL), start, 9, Reason::client_sessions, &held) ==
             (Counts{0, 2, 7}));
  BOOST_TEST(enter_often(limiter, v6(0x20010db8'00010002, 1), start, 2, Reason::client_sessions, &held) ==
             (Counts{2, 0, 0}));
}

BOOST_AUTO_TEST_CASE(ipv6_addresses_whose_first_bits_are_an_ipv4_address_are_other_clients) {
  LimiterLimits limits = wide();
  limits.sessions_per_client = 1;
  Limiter limiter(limits);
  std::vector<Permit> held;
  BOOST_TEST(enter_often(limiter, v4(1), start, 1, Reason::client_sessions, &held) == (Counts{1, 0, 0}));
  BOOST_TEST(enter_often(limiter, v6(1), start, 1, Reason::client_sessions, &held) == (Counts{1, 0, 0}));
}

BOOST_AUTO_TEST_CASE(a_48_holds_eight_times_the_connections) {
  LimiterLimits limits = wide();
  limits.sessions_per_client = 2;
  Limiter limiter(limits);
  std::vector<Permit> held;
  Counts all;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Counts one = enter_often(limiter, v6(0x20010db8'00010000 + i), start, 1, Reason::client_sessions, &held);
    all.proceed += one.proceed;
    all.refuse += one.refuse;
    all.drop += one.drop;
  }
  BOOST_TEST(all == (Counts{16, 16, 68}));
  BOOST_TEST(enter_often(limiter, v6(0x20010db8'00020000), start, 1, Reason::client_sessions) == (Counts{1, 0, 0}));
}

BOOST_AUTO_TEST_CASE(what_a_64_is_dropped_for_does_not_count_for_its_48) {
  LimiterLimits limits = wide();
  limits.sessions_per_client = 2;
  Limiter limiter(limits);
  std::vector<Permit> held;
  BOOST_TEST(enter_often(limiter, v6(0xa0000), start, 1'000, Reason::client_sessions, &held) == (Counts{2, 2, 996}));
  Counts all;
  for (std::uint64_t i = 1; i <= 12; ++i) {
    all.proceed += enter_often(limiter, v6(0xa0000 + i), start, 1, Reason::client_sessions, &held).proceed;
  }
  BOOST_TEST(all.proceed == 12);  // 16 - the 4 that are held
  BOOST_TEST(enter_often(limiter, v6(0xa0000 + 13), start, 1, Reason::client_sessions).refuse == 1);
}

BOOST_AUTO_TEST_CASE(a_48_has_eight_times_the_rate_and_takes_from_both_or_neither) {
  LimiterLimits limits = wide();
  limits.handshakes_per_client = 0.001;
  limits.handshake_burst = 10;
  Limiter limiter(limits);
  // The first /64 is stopped by its own buckets; what they refuse must not be taken from the /48's 80.
  BOOST_TEST(enter_often(limiter, v6(0xa0000), start, 1'000, Reason::rate) == (Counts{10, 10, 980}));
  for (std::uint64_t i = 1; i < 8; ++i) {
    BOOST_TEST(enter_often(limiter, v6(0xa0000 + i), start, 10, Reason::rate) == (Counts{10, 0, 0}));
  }
  // Now the /48 is empty: a /64 that is new is told, and keeps its own tokens.
  BOOST_TEST(enter_often(limiter, v6(0xa0008), start, 10, Reason::rate) == (Counts{0, 10, 0}));
  BOOST_TEST(enter_often(limiter, v6(0xa0008), start, 10, Reason::rate) == (Counts{0, 0, 10}));
  // 8 / 1000 s a token for the /48; the /64 still has its ten.
  BOOST_TEST(enter_often(limiter, v6(0xa0008), start + 1'250s, 20, Reason::rate).proceed == 10);
}

BOOST_AUTO_TEST_CASE(a_network_that_is_refused_costs_its_clients_no_connection) {
  LimiterLimits limits = wide();
  limits.sessions_per_client = 1;
  Limiter limiter(limits);
  std::vector<Permit> held;
  for (std::uint64_t i = 0; i < 16; ++i) {
    enter_often(limiter, v6(0xa0000 + i), start, 1, Reason::client_sessions, &held);
  }
  BOOST_TEST(enter_often(limiter, v6(0xa0100), start, 50, Reason::client_sessions) == (Counts{0, 0, 50}));
  held.clear();
  BOOST_TEST(enter_often(limiter, v6(0xa0100), start, 1, Reason::client_sessions) == (Counts{1, 0, 0}));
}

BOOST_AUTO_TEST_CASE(new_limits_hold_for_those_who_enter_next) {
  LimiterLimits limits = wide();
  limits.sessions = 1;
  limits.handshakes_per_client = 0.001;
  limits.handshake_burst = 4;
  Limiter limiter(limits);
  std::vector<Permit> held;
  BOOST_TEST(enter_often(limiter, v4(1), start, 3, Reason::rate, &held) == (Counts{3, 0, 0}));
  BOOST_TEST(held[0].promote());
  BOOST_TEST(!held[1].promote());

  limits.sessions = 2;
  limits.sessions_per_client = 3;
  limits.handshakes_per_client = 10;
  limits.handshake_burst = 100;
  limits.pending = 4;
  limiter.set_limits(limits);
  BOOST_TEST(held[1].promote());
  BOOST_TEST(!held[2].promote());
  BOOST_TEST(enter_often(limiter, v4(1), start, 1, Reason::client_sessions) == (Counts{0, 1, 0}));
  BOOST_TEST(enter_often(limiter, v4(1), start + 1s, 3, Reason::client_sessions, &held) == (Counts{0, 3, 0}));
  BOOST_TEST(enter_often(limiter, v4(2), start + 1s, 1, Reason::pending_full) == (Counts{0, 0, 1}));
  BOOST_TEST(limiter.sessions() == 2U);
}

BOOST_AUTO_TEST_CASE(new_rates_hold_for_clients_that_are_known_already) {
  LimiterLimits limits = wide();
  limits.handshakes_per_client = 1;
  limits.handshake_burst = 2;
  Limiter limiter(limits);
  BOOST_TEST(enter_often(limiter, v4(1), start, 10, Reason::rate) == (Counts{2, 2, 6}));
  limits.handshakes_per_client = 10;
  limits.handshake_burst = 5;
  limiter.set_limits(limits);
  BOOST_TEST(enter_often(limiter, v4(1), start, 10, Reason::rate) == (Counts{0, 0, 10}));
  BOOST_TEST(enter_often(limiter, v4(1), start + 300ms, 10, Reason::rate) == (Counts{3, 3, 4}));
  BOOST_TEST(enter_often(limiter, v4(1), start + 10s, 20, Reason::rate) == (Counts{5, 5, 10}));
}

BOOST_AUTO_TEST_CASE(a_permit_of_nobody_counts_for_whom_a_proxy_names) {
  LimiterLimits limits = wide();
  limits.sessions_per_client = 1;
  Limiter limiter(limits);
  const auto named = [&](const Address& client, std::vector<Permit>& held) {
    Entry entry = limiter.enter(std::nullopt, start, unlucky);
    BOOST_TEST_REQUIRE((entry.action == proceed));
    const Entry word_of_proxy = limiter.name(entry.permit, client, start);
    BOOST_TEST(bool(entry.permit));
    BOOST_TEST(!word_of_proxy.permit);
    held.push_back(std::move(entry.permit));
    return word_of_proxy.action;
  };
  std::vector<Permit> held;
  BOOST_TEST(named(v4(1), held) == proceed);
  BOOST_TEST(named(v4(1), held) == refuse);
  BOOST_TEST(named(v4(1), held) == drop);  // and counts for nobody
  BOOST_TEST(named(v4(2), held) == proceed);
  BOOST_TEST(named(v6(1), held) == proceed);
  BOOST_TEST(limiter.pending() == 5U);
  BOOST_TEST(held.front().promote());
  BOOST_TEST(limiter.pending() == 4U);
  BOOST_TEST(limiter.sessions() == 1U);
  held.clear();
  BOOST_TEST(limiter.pending() == 0U);
  BOOST_TEST(limiter.sessions() == 0U);
  BOOST_TEST(named(v4(1), held) == proceed);
}

BOOST_AUTO_TEST_CASE(sessions_that_are_not_enforced_are_only_told) {
  LimiterLimits limits = wide();
  limits.sessions_per_client = 1;
  limits.enforce_sessions_per_client = false;
  Limiter limiter(limits);
  std::vector<Permit> held;
  for (int i = 0; i < 5; ++i) {
    Entry entry = limiter.enter(v4(1), start, unlucky);
    BOOST_TEST(entry.action == proceed);
    BOOST_TEST((entry.only_told == (i == 0 ? std::nullopt : std::optional(Reason::client_sessions))), i);
    held.push_back(std::move(entry.permit));
  }
  BOOST_TEST(!limiter.enter(v4(2), start, unlucky).only_told);
}

BOOST_AUTO_TEST_CASE(a_rate_that_is_not_enforced_is_only_told) {
  LimiterLimits limits = wide();
  limits.handshakes_per_client = 1;
  limits.handshake_burst = 2;
  limits.enforce_handshakes_per_client = false;
  limits.sessions_per_client = 4;
  Limiter limiter(limits);
  std::vector<Permit> held;
  for (int i = 0; i < 4; ++i) {
    Entry entry = limiter.enter(v6(1, 1), start, unlucky);
    BOOST_TEST(entry.action == proceed);
    BOOST_TEST((entry.only_told == (i < 2 ? std::nullopt : std::optional(Reason::rate))), i);
    held.push_back(std::move(entry.permit));
  }
  // The other limit holds as ever.
  const Entry fifth = limiter.enter(v6(1, 1), start, unlucky);
  BOOST_TEST(fifth.action == refuse);
  BOOST_TEST(word(fifth.reason) == "client_sessions");
  // Nobody owes for what was let through.
  BOOST_TEST(!limiter.enter(v6(1, 1), start + 1s, unlucky).only_told);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::policy
