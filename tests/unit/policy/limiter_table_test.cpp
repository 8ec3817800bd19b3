#include "policy/limiter.hpp"
#include "unit/policy/addresses.hpp"

#include <vector>

#include <boost/test/unit_test.hpp>

namespace drawbridge::policy {
namespace {

using namespace std::chrono_literals;

constexpr Instant start{};
constexpr std::uint32_t flood = 1'000'000;
constexpr std::size_t table = 1 << 16;

LimiterLimits limits() {
  return {.sessions = 2 * flood,
          .pending = 2 * flood,
          .sessions_per_client = 4,
          .handshakes_per_client = 1,
          .handshake_burst = 10};
}

Entry::Action action(Limiter& limiter, const Address& client, Instant now) {
  return limiter.enter(client, now, 0).action;
}

// The table is bounded: what an attacker with any number of addresses can and cannot do.
BOOST_AUTO_TEST_SUITE(limiter_table)

BOOST_AUTO_TEST_CASE(a_million_addresses_that_hold_nothing_do_not_grow_the_table) {
  Limiter limiter(limits());
  Instant now = start;
  std::uint32_t proceeded = 0;
  for (std::uint32_t i = 0; i < flood; ++i) {
    proceeded += action(limiter, v4(i), now += 100us) == Entry::Action::proceed;
    if (i % 100'000 == 0) BOOST_TEST_REQUIRE(limiter.table_size() <= table);
  }
  // Each took one token, which is back after 1 s: of the 10,000 that come in a second all can be remembered.
  BOOST_TEST(proceeded == flood);
  BOOST_TEST(limiter.table_size() <= table);
  BOOST_TEST(limiter.table_size() > table / 2);
}

BOOST_AUTO_TEST_CASE(a_million_addresses_at_one_moment_share_one_bucket_when_the_table_is_full) {
  Limiter limiter(limits());
  std::uint32_t proceeded = 0;
  std::uint32_t refused = 0;
  for (std::uint32_t i = 0; i < flood; ++i) {
    const Entry::Action got = action(limiter, v4(i), start);
    proceeded += got == Entry::Action::proceed;
    refused += got == Entry::Action::refuse;
  }
  BOOST_TEST(limiter.table_size() <= table);
  BOOST_TEST(proceeded == limiter.table_size() + 10);
  BOOST_TEST(refused == 10U);
}

BOOST_AUTO_TEST_CASE(a_million_addresses_that_hold_permits_share_one_count_when_the_table_is_full) {
  Limiter limiter(limits());
  std::vector<Permit> held;
  Instant now = start;
  for (std::uint32_t i = 0; i < flood; ++i) {
    Entry entry = limiter.enter(v4(i), now += 1s, 0);
    if (entry.permit) held.push_back(std::move(entry.permit));
  }
  BOOST_TEST(limiter.table_size() == table);
  BOOST_TEST(held.size() == table + 8);  // 4 proceed, 4 are told
  BOOST_TEST(limiter.pending() == held.size());
  held.clear();
  BOOST_TEST(limiter.pending() == 0U);
  BOOST_TEST((action(limiter, v4(flood + 1), now + 1s) == Entry::Action::proceed));
  BOOST_TEST(limiter.table_size() == table);
}

BOOST_AUTO_TEST_CASE(a_million_ipv6_networks_do_not_grow_the_table) {
  Limiter limiter(limits());
  std::vector<Permit> held;
  Instant now = start;
  for (std::uint64_t i = 0; i < flood; ++i) {
    Entry entry = limiter.enter(v6(0x2001'0000'0000'0000 + (i << 16)), now += 1s, 0);
    if (entry.permit && i % 2 == 0) held.push_back(std::move(entry.permit));
    if (i % 100'000 == 0) BOOST_TEST_REQUIRE(limiter.table_size() <= table);
  }
  BOOST_TEST(limiter.table_size() <= table);
  // Each needs two places, and what has no place shares eight connections.
  BOOST_TEST(held.size() <= table / 2 + 4'096);
  BOOST_TEST(held.size() >= table / 2);
}

BOOST_AUTO_TEST_CASE(a_flood_evicts_no_client_that_holds_a_permit) {
  Limiter limiter(limits());
  std::vector<Permit> held;
  for (int i = 0; i < 4; ++i) held.push_back(limiter.enter(v4(7), start, 0).permit);
  for (int i = 0; i < 32; ++i) held.push_back(limiter.enter(v6(0xa0000 + static_cast<unsigned>(i)), start, 0).permit);
  Instant now = start + 1h;
  for (std::uint32_t i = 0; i < flood; ++i) action(limiter, v4(1'000 + i), now += 1ms);
  now += 1h;
  BOOST_TEST((action(limiter, v4(7), now) == Entry::Action::refuse));
  BOOST_TEST((action(limiter, v6(0xa0999), now) == Entry::Action::refuse));
  held.clear();
  BOOST_TEST((action(limiter, v4(7), now) == Entry::Action::proceed));
  BOOST_TEST((action(limiter, v6(0xa0999), now) == Entry::Action::proceed));
}

BOOST_AUTO_TEST_CASE(a_flood_does_not_make_a_client_over_its_rate_forgotten) {
  Limiter limiter(limits());
  for (int i = 0; i < 20; ++i) action(limiter, v4(7), start);
  BOOST_TEST((action(limiter, v4(7), start) == Entry::Action::drop));
  for (std::uint32_t i = 0; i < flood; ++i) action(limiter, v4(1'000 + i), start);
  BOOST_TEST((action(limiter, v4(7), start) == Entry::Action::drop));
}

BOOST_AUTO_TEST_CASE(a_client_is_forgotten_only_once_its_buckets_are_full_again) {
  Limiter limiter(limits(), 1);
  for (int i = 0; i < 15; ++i) action(limiter, v4(1), start);  // 10 of one bucket, 5 of the other
  action(limiter, v4(2), start + 9s);
  BOOST_TEST((action(limiter, v4(1), start + 9s) == Entry::Action::proceed));  // still known: 8 are left
  int more = 0;
  while (action(limiter, v4(1), start + 9s) == Entry::Action::proceed) ++more;
  BOOST_TEST(more == 8);
  // Ten seconds later nobody remembers.
  BOOST_TEST((action(limiter, v4(2), start + 30s) == Entry::Action::proceed));
  for (int i = 0; i < 20; ++i) action(limiter, v4(2), start + 30s);
  BOOST_TEST((action(limiter, v4(2), start + 30s) == Entry::Action::drop));
  BOOST_TEST((action(limiter, v4(1), start + 30s) == Entry::Action::proceed));
  BOOST_TEST(limiter.table_size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_client_whose_refusals_are_not_paid_off_is_not_forgotten) {
  Limiter limiter(limits(), 1);
  for (int i = 0; i < 10; ++i) action(limiter, v4(1), start);
  for (int i = 0; i < 10; ++i) action(limiter, v4(1), start + 900ms);  // told; 0.9 of a handshake stay
  const Instant now = start + 10s;  // the handshakes are full again, of the refusals 9.1 are there
  action(limiter, v4(2), now);
  int proceeded = 0;
  int refused = 0;
  for (int i = 0; i < 30; ++i) {
    const Entry::Action got = action(limiter, v4(1), now);
    proceeded += got == Entry::Action::proceed;
    refused += got == Entry::Action::refuse;
  }
  BOOST_TEST(proceeded == 10);
  BOOST_TEST(refused == 9);
}

BOOST_AUTO_TEST_CASE(newcomers_to_a_full_table_share_one_bucket_and_one_count) {
  Limiter limiter(limits(), 1);
  const Permit known = limiter.enter(v4(1), start, 0).permit;
  std::vector<Permit> held;
  for (std::uint32_t i = 0; i < 20; ++i) {
    Entry entry = limiter.enter(v4(100 + i), start, 0);
    BOOST_TEST_CONTEXT("newcomer " << i) {
      BOOST_TEST((entry.action == (i < 4   ? Entry::Action::proceed
                                   : i < 8 ? Entry::Action::refuse
                                           : Entry::Action::drop)));
    }
    if (entry.permit) held.push_back(std::move(entry.permit));
  }
  // The client with a place is not concerned.
  BOOST_TEST((action(limiter, v4(1), start) == Entry::Action::proceed));
  held.clear();
  BOOST_TEST((action(limiter, v4(100), start) == Entry::Action::proceed));
}

BOOST_AUTO_TEST_CASE(an_ipv6_client_that_finds_one_place_counts_there_and_in_the_shared_one) {
  Limiter limiter(limits(), 1);
  std::vector<Permit> held;
  for (std::uint64_t i = 0; i < 20; ++i) {
    Entry entry = limiter.enter(v6(0xa0000 + i), start, 0);  // one place, for the /48
    if (entry.permit) held.push_back(std::move(entry.permit));
  }
  BOOST_TEST(held.size() == 8U);
  BOOST_TEST(limiter.table_size() == 1U);
  BOOST_TEST((action(limiter, v4(1), start) == Entry::Action::drop));
  held.clear();
  BOOST_TEST(limiter.pending() == 0U);
  BOOST_TEST((action(limiter, v4(1), start) == Entry::Action::proceed));
}

BOOST_AUTO_TEST_CASE(a_48_at_its_limit_gains_nothing_by_a_full_table) {
  Limiter limiter(limits(), 9);
  std::vector<Permit> held;
  for (std::uint64_t i = 0; i < 32; ++i) {
    Entry entry = limiter.enter(v6(0xa0000 + i / 4), start, 0);  // eight /64 and their /48 take all places
    BOOST_TEST_REQUIRE((entry.action == Entry::Action::proceed));
    held.push_back(std::move(entry.permit));
  }
  BOOST_TEST(limiter.table_size() == 9U);
  BOOST_TEST((action(limiter, v6(0xa0008), start) == Entry::Action::refuse));
  BOOST_TEST((action(limiter, v4(1), start) == Entry::Action::proceed));
}

BOOST_AUTO_TEST_CASE(without_any_table_everybody_shares) {
  Limiter limiter(limits(), 0);
  std::vector<Permit> held;
  for (std::uint32_t i = 0; i < 20; ++i) {
    Entry entry = limiter.enter(i % 2 == 0 ? v4(i) : v6(std::uint64_t{i} << 16), start, 0);
    if (entry.permit) held.push_back(std::move(entry.permit));
  }
  BOOST_TEST(held.size() == 8U);
  BOOST_TEST(limiter.table_size() == 0U);
}

BOOST_AUTO_TEST_CASE(long_sessions_do_not_stand_between_newcomers_and_those_that_can_be_forgotten) {
  Limiter limiter(limits(), 64);
  std::vector<Permit> held;
  for (std::uint32_t i = 0; i < 63; ++i) held.push_back(limiter.enter(v4(i), start, 0).permit);
  Instant now = start + 1h;
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    BOOST_TEST_REQUIRE((action(limiter, v4(1'000 + i), now += 2s) == Entry::Action::proceed));
    BOOST_TEST_REQUIRE(limiter.table_size() == 64U);
  }
}

BOOST_AUTO_TEST_CASE(the_client_that_was_away_longest_is_forgotten_first) {
  LimiterLimits slow = limits();
  slow.handshakes_per_client = 0.1;
  Limiter limiter(slow, 2);
  Instant now = start;
  for (int i = 0; i < 5; ++i) action(limiter, v4(1), now);
  now += 49s;
  action(limiter, v4(2), now);
  now += 1s;
  // The first one's bucket is full again, the second one's is not.
  action(limiter, v4(3), now);
  int second = 0;
  while (action(limiter, v4(2), now) == Entry::Action::proceed) ++second;
  BOOST_TEST(second == 9);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::policy
