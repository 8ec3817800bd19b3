#include "net/spin.hpp"

#include <array>

#include <boost/test/unit_test.hpp>

using namespace drawbridge;

BOOST_AUTO_TEST_SUITE(spin)

BOOST_AUTO_TEST_CASE(only_who_was_sent_something_can_answer) {
  net::Spin spin;
  const int session = 0;
  BOOST_TEST(!spin.pays());
  spin.sent(&session);
  BOOST_TEST(spin.pays());
  BOOST_TEST(!spin.pays());
}

BOOST_AUTO_TEST_CASE(in_vain_it_is_tried_ever_more_seldom_and_after_a_success_at_once) {
  net::Spin spin;
  const int session = 0;
  int tried = 0;
  for (int sleeps = 0; sleeps < 100'000; ++sleeps) {
    spin.sent(&session);
    if (!spin.pays()) continue;
    ++tried;
    spin.learn(false);
  }
  BOOST_TEST(tried > 100);
  BOOST_TEST(tried < 120);
  do {
    spin.sent(&session);
  } while (!spin.pays());
  spin.learn(true);
  for (int i = 0; i < 100; ++i) {
    spin.sent(&session);
    BOOST_TEST(spin.pays());
    spin.learn(true);
  }
}

BOOST_AUTO_TEST_CASE(a_crowd_is_waited_for_asleep) {
  net::Spin spin;
  std::array<long double, 32> sessions;  // as far apart as what is allocated
  const auto busy = [&](std::size_t many) {
    int tried = 0;
    for (std::size_t i = 0; i < 6'400; ++i) {
      spin.sent(&sessions[i % many]);
      tried += spin.pays();
    }
    return tried;
  };
  BOOST_TEST(busy(1) == 6'400);
  BOOST_TEST(busy(8) == 6'400);
  BOOST_TEST(busy(32) < 64);
  BOOST_TEST(busy(2) > 6'300);
}

BOOST_AUTO_TEST_CASE(where_others_need_the_processor_it_is_not_tried_for_a_while) {
  net::Spin spin;
  const int session = 0;
  const auto sleeps_until_tried = [&] {
    int sleeps = 0;
    for (;; ++sleeps) {
      spin.sent(&session);
      if (spin.pays()) return sleeps;
    }
  };
  spin.learn_of_preemptions(150);
  BOOST_TEST(sleeps_until_tried() == 0);
  spin.learn_of_preemptions(1'000);
  BOOST_TEST(sleeps_until_tried() == 100'000);
  spin.learn_of_preemptions(1'150);
  BOOST_TEST(sleeps_until_tried() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
