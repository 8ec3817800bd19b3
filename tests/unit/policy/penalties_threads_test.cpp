#include "policy/penalties.hpp"
#include "unit/policy/addresses.hpp"

#include <atomic>
#include <functional>
#include <random>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace drawbridge::policy {
namespace {

using namespace std::chrono_literals;

constexpr unsigned thread_count = 4;

void on_threads(const std::function<void(unsigned)>& work) {
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < thread_count; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
}

BOOST_AUTO_TEST_SUITE(penalties_threads)

BOOST_AUTO_TEST_CASE(failures_from_all_threads_add_up) {
  config::Penalties rules;
  rules.credential = 1s;
  rules.minimum = 20'000s;
  rules.maximum = 100'000s;
  Penalties penalties(rules);
  std::atomic<int> told{0};
  on_threads([&](unsigned) {
    for (int i = 0; i < 5'000; ++i) told += penalties.note(v4(1), Reason::credential_invalid, Instant{}).has_value();
  });
  BOOST_TEST(told == 1);
  BOOST_TEST((penalties.objection(v4(1), Instant{}) == Objection{Reason::penalty, 20'000, true}));
}

BOOST_AUTO_TEST_CASE(one_connection_a_second_is_answered_whatever_thread_accepts_it) {
  config::Penalties rules;
  rules.credential = 300s;
  Penalties penalties(rules);
  penalties.note(v4(1), Reason::credential_invalid, Instant{});
  std::atomic<int> answered{0};
  on_threads([&](unsigned) {
    for (int i = 0; i < 5'000; ++i) answered += penalties.knock(v4(1), Instant{}).action == Entry::Action::refuse;
  });
  BOOST_TEST(answered == 1);
}

BOOST_AUTO_TEST_CASE(the_table_stays_bounded_while_all_is_done_at_once) {
  config::Penalties rules;
  rules.clients = 256;
  rules.minimum = 2s;
  Penalties penalties(rules);
  std::atomic<std::size_t> largest{0};
  std::atomic<int> out{0};
  on_threads([&](unsigned seed) {
    std::mt19937_64 random(seed);
    for (int step = 0; step < 20'000; ++step) {
      const Instant now{step * 1ms};
      const std::uint64_t number = random() % 1'000;
      const Address client =
          number % 2 == 0 ? v4(static_cast<std::uint32_t>(number)) : v6(0x20010db8'00000000 + (number << 12));
      penalties.note(client, Reason::credential_invalid, now);
      out += penalties.knock(client, now).action != Entry::Action::proceed;
      out += refuses(penalties.objection(client, now));
      if (step % 500 == 0) {
        largest = std::max(largest.load(), penalties.table_size());
        penalties.set_rules(rules);
      }
    }
  });
  BOOST_TEST(largest <= 256U);
  BOOST_TEST(largest > 0U);
  BOOST_TEST(out > 0);
  for (std::uint32_t number = 0; number < 1'000; number += 2) {
    BOOST_TEST_REQUIRE(!penalties.objection(v4(number), Instant{1h}).has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::policy
