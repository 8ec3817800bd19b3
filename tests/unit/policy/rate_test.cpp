#include "policy/rate.hpp"

#include <cmath>

#include <boost/test/unit_test.hpp>

namespace drawbridge::policy {
namespace {

using namespace std::chrono_literals;

constexpr Instant start{};

int taken_until_empty(TokenBucket& bucket, Instant now) {
  int taken = 0;
  while (bucket.try_take(1, now)) ++taken;
  return taken;
}

BOOST_AUTO_TEST_SUITE(rate)

BOOST_AUTO_TEST_CASE(starts_full_and_gives_exactly_its_burst) {
  TokenBucket bucket(10, 5, start);
  BOOST_TEST(bucket.full(start));
  BOOST_TEST(taken_until_empty(bucket, start) == 5);
  BOOST_TEST(!bucket.full(start));
}

BOOST_AUTO_TEST_CASE(refills_at_its_rate_and_never_above_its_burst) {
  TokenBucket bucket(10, 5, start);
  taken_until_empty(bucket, start);
  BOOST_TEST(!bucket.try_take(1, start + 99ms));
  BOOST_TEST(bucket.try_take(1, start + 100ms));
  BOOST_TEST(taken_until_empty(bucket, start + 400ms) == 3);
  BOOST_TEST(!bucket.full(start + 899ms));
  BOOST_TEST(bucket.full(start + 900ms));
  BOOST_TEST(taken_until_empty(bucket, start + 1h) == 5);
}

BOOST_AUTO_TEST_CASE(refuses_without_taking) {
  TokenBucket bucket(1, 10, start);
  BOOST_TEST(!bucket.try_take(11, start));
  BOOST_TEST(bucket.try_take(10, start));
}

BOOST_AUTO_TEST_CASE(many_small_refills_amount_to_one_large) {
  TokenBucket bucket(3, 100, start);
  taken_until_empty(bucket, start);
  Instant now = start;
  for (int i = 0; i < 1'000'000; ++i) BOOST_REQUIRE(!bucket.full(now += 10us));  // 10 s in all
  BOOST_TEST(taken_until_empty(bucket, now) == 30);
}

BOOST_AUTO_TEST_CASE(refills_too_small_for_a_double_are_neither_lost_nor_rounded_up) {
  // A microsecond is worth 1e-6 tokens; a double of this size tells apart 7.6e-6.
  TokenBucket bucket(1, 1e11, start);
  bucket.take(5e10, start);
  Instant now = start;
  for (int i = 0; i < 1'000'000; ++i) bucket.take(0, now += 1us);  // 1 s in all
  BOOST_TEST(std::abs(bucket.seconds_until(5e10 + 10, now) - 9) < 0.1);
}

BOOST_AUTO_TEST_CASE(time_that_goes_backwards_refills_nothing_and_takes_nothing_away) {
  TokenBucket bucket(10, 10, start + 10s);
  bucket.take(10, start + 10s);
  BOOST_TEST(!bucket.try_take(1, start));
  BOOST_TEST(!bucket.try_take(1, start + 10s));
  BOOST_TEST(bucket.try_take(1, start + 10s + 100ms));
  BOOST_TEST(!bucket.try_take(1, start + 5s));
  BOOST_TEST(!bucket.try_take(1, start + 10s + 199ms));
  BOOST_TEST(bucket.try_take(1, start + 10s + 200ms));
}

BOOST_AUTO_TEST_CASE(a_gap_of_centuries_fills_it_once) {
  TokenBucket bucket(1e9, 7, start);
  taken_until_empty(bucket, start);
  BOOST_TEST(taken_until_empty(bucket, never) == 7);
  BOOST_TEST(taken_until_empty(bucket, never) == 0);
}

BOOST_AUTO_TEST_CASE(debt_is_paid_off_at_exactly_the_moment_it_names) {
  TokenBucket bucket(100, 50, start);
  bucket.take(1'050, start);
  BOOST_TEST((bucket.ready_at(start) == start + 10s));
  BOOST_TEST((bucket.ready_at(start + 4s) == start + 10s));
  BOOST_TEST(!bucket.try_take(1, start + 10s));
  BOOST_TEST((bucket.ready_at(start + 10s) == start + 10s));
  BOOST_TEST((bucket.ready_at(start + 11s) <= start + 11s));
}

BOOST_AUTO_TEST_CASE(without_debt_it_is_ready_at_once) {
  TokenBucket bucket(100, 50, start);
  BOOST_TEST((bucket.ready_at(start + 3s) <= start + 3s));
  bucket.take(50, start + 3s);
  BOOST_TEST((bucket.ready_at(start + 3s) <= start + 3s));
}

BOOST_AUTO_TEST_CASE(at_the_moment_it_names_no_debt_is_left_whatever_the_rate) {
  for (const double rate : {1e-3, 0.3, 1.0, 3.0, 7.0, 1'000.0 / 3, 65'536.0, 1e7, 1e10}) {
    TokenBucket bucket(rate, 16, start);
    Instant now = start;
    for (int i = 1; i <= 200; ++i) {
      bucket.take(17.0 * i, now);
      const Instant ready = bucket.ready_at(now);
      BOOST_TEST_CONTEXT("rate " << rate << ", step " << i) {
        BOOST_TEST_REQUIRE((ready >= now));
        BOOST_TEST_REQUIRE((bucket.ready_at(ready) <= ready));
      }
      now = ready;
    }
  }
}

BOOST_AUTO_TEST_CASE(over_time_debt_never_yields_more_than_the_rate) {
  TokenBucket bucket(1'000, 100, start);
  Instant now = start;
  double sent = 0;
  while (now < start + 60s) {
    bucket.take(777, now);
    sent += 777;
    now = bucket.ready_at(now);
  }
  const double seconds = std::chrono::duration<double>(now - start).count();
  BOOST_TEST(sent <= 1'000 * seconds + 100 + 1);
  BOOST_TEST(sent >= 1'000 * seconds);
}

BOOST_AUTO_TEST_CASE(a_tiny_rate_neither_overflows_nor_forgets) {
  TokenBucket bucket(1e-12, 2, start);
  BOOST_TEST(taken_until_empty(bucket, start) == 2);
  BOOST_TEST(!bucket.try_take(1, start + 24h * 365));
  bucket.take(1, start);
  BOOST_TEST((bucket.ready_at(start) == never));
  BOOST_TEST(bucket.seconds_until(1, start) > 1e12);
}

BOOST_AUTO_TEST_CASE(a_huge_rate_neither_overflows_nor_exceeds_its_burst) {
  TokenBucket bucket(1e300, 3, start);
  BOOST_TEST(taken_until_empty(bucket, start) == 3);
  BOOST_TEST(taken_until_empty(bucket, start + 1ns) == 3);
  BOOST_TEST(taken_until_empty(bucket, never) == 3);
}

BOOST_AUTO_TEST_CASE(tells_how_long_an_amount_takes) {
  TokenBucket bucket(0.5, 4, start);
  BOOST_TEST(bucket.seconds_until(4, start) == 0);
  taken_until_empty(bucket, start);
  BOOST_TEST(bucket.seconds_until(1, start) == 2);
  BOOST_TEST(bucket.seconds_until(1, start + 500ms) == 1.5);
  BOOST_TEST(bucket.seconds_until(1, start + 2s) == 0);
  BOOST_TEST(std::isinf(bucket.seconds_until(5, start)));
}

BOOST_AUTO_TEST_CASE(a_new_shape_keeps_what_is_there_and_what_is_owed) {
  TokenBucket saved(1, 10, start);
  saved.reshape(1, 4);
  BOOST_TEST(saved.full(start));
  BOOST_TEST(taken_until_empty(saved, start) == 4);
  saved.reshape(100, 1'000);
  BOOST_TEST(taken_until_empty(saved, start) == 0);
  BOOST_TEST(taken_until_empty(saved, start + 1s) == 100);

  TokenBucket owing(1, 10, start);
  owing.take(30, start);
  owing.reshape(10, 10);
  BOOST_TEST((owing.ready_at(start) == start + 2s));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::policy
