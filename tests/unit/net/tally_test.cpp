#include "net/tally.hpp"

#include <bit>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using namespace drawbridge::net;

BOOST_AUTO_TEST_SUITE(tally)

BOOST_AUTO_TEST_CASE(a_histogram_counts_what_is_at_most_each_bound_and_all) {
  Histogram<session_bounds> durations;
  for (const double seconds : {0.5, 1.0, 1.5, 59.0, 1e9}) durations.count(seconds);
  BOOST_TEST(durations.counts()[0] == 2U);
  BOOST_TEST(durations.counts()[1] == 3U);
  BOOST_TEST(durations.counts()[2] == 4U);
  BOOST_TEST(durations.counts()[session_bounds.size() - 1] == 4U);
  BOOST_TEST(durations.counts().back() == 5U);
  BOOST_TEST(durations.sum() == 1e9 + 62);
  Histogram<session_bounds> twice = durations;
  twice.add(durations);
  BOOST_TEST(twice.counts()[0] == 4U);
  BOOST_TEST(twice.counts().back() == 10U);
  BOOST_TEST(twice.sum() == 2 * durations.sum());
}

BOOST_AUTO_TEST_CASE(every_number_of_counts_is_added) {
  using Numbers = std::array<std::uint64_t, sizeof(Counts) / sizeof(std::uint64_t)>;
  Numbers some{};
  for (std::size_t i = 0; i < some.size(); ++i) some[i] = i + 1;
  Counts counts = std::bit_cast<Counts>(some);
  add(counts, std::bit_cast<Counts>(some));
  const auto sum = std::bit_cast<Numbers>(counts);
  for (std::size_t i = 0; i < sum.size(); ++i) BOOST_TEST(sum[i] == 2 * some[i]);
}

BOOST_AUTO_TEST_CASE(what_threads_counted_is_added_by_the_name_of_the_route) {
  Tally one;
  one.route("desk").opened = 3;
  one.route("desk").sessions = 2;
  one.route("desk").running.up_bytes = 5;
  one.route("desk").ended.up_bytes = 7;
  one.route("desk").dials.count(0.2);
  one.route("desk").ends.count(Reason::idle);
  one.route("").refusals.count(Reason::rate);
  ++one.handshakes["TLSv1.3"];
  one.handshake_failures.count(Reason::tls_error);
  one.durations.count(2);
  Tally other;
  other.route("game").would_refuse.count(Reason::quota);
  other.add(one);
  other.add(one);
  BOOST_TEST(other.routes.size() == 3U);
  const RouteTally& desk = other.route("desk");
  BOOST_TEST(desk.opened == 6U);
  BOOST_TEST(desk.sessions == 4U);
  BOOST_TEST(desk.running.up_bytes == 10U);
  BOOST_TEST(desk.ended.up_bytes == 14U);
  BOOST_TEST(desk.dials.counts().back() == 2U);
  BOOST_TEST(desk.ends.of(Reason::idle) == 2U);
  BOOST_TEST(other.route("").refusals.of(Reason::rate) == 2U);
  BOOST_TEST(other.route("game").would_refuse.of(Reason::quota) == 1U);
  BOOST_TEST(other.handshakes["TLSv1.3"] == 2U);
  BOOST_TEST(other.handshakes["TLSv1.2"] == 0U);
  BOOST_TEST(other.handshake_failures.of(Reason::tls_error) == 2U);
  BOOST_TEST(other.durations.counts().back() == 2U);
}

BOOST_AUTO_TEST_CASE(a_route_stays_where_it_is_when_others_come) {
  Tally all;
  RouteTally* const first = &all.route("m");
  for (int i = 0; i < 100; ++i) all.route(std::to_string(i));
  BOOST_TEST(&all.route("m") == first);
}

BOOST_AUTO_TEST_CASE(a_median_is_as_rough_as_the_bounds) {
  net::Histogram<net::dial_bounds> dials;
  BOOST_TEST(dials.median() == 0);
  dials.count(0.0001);
  BOOST_TEST(dials.median() == 0.0005);
  for (int i = 0; i < 3; ++i) dials.count(0.004);
  // Four of them: the second one is a third of the way through the bucket from 2.5 to 5 ms.
  BOOST_TEST(dials.median() == 0.0025 + 0.0025 / 3);
  for (int i = 0; i < 5; ++i) dials.count(60);
  BOOST_TEST(dials.median() == 10);
}

BOOST_AUTO_TEST_SUITE_END()
